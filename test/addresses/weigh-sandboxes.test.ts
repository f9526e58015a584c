import { describe, expect, test } from '@jest/globals';
import { isGone, weighPod, weighUnknown } from '../../src/addresses/weigh-sandboxes.ts';
import type { Sandbox } from '../../src/model/sandbox.ts';
import { podEndpoint } from '../support/pod-endpoint.ts';

const sandbox = (ips: readonly string[], more: Partial<Sandbox> = {}): Sandbox => ({
  podUid: 'web',
  pod: { namespace: 'shop', name: 'web' },
  ips,
  hostInterfaces: ['veth1'],
  notedAt: 1000,
  ...more,
});

describe('weighPod', () => {
  test('a pod without a CNI result is as its status says', () => {
    const pod = podEndpoint('web', { ips: ['10.0.0.1'] });
    expect(weighPod(pod, [])).toBe(pod);
  });

  test('a pod has the address of its sandbox before its status has one', () => {
    expect(weighPod(podEndpoint('web'), [sandbox(['10.0.0.1'])])).toMatchObject({
      ips: ['10.0.0.1'],
      sandbox: { noted: ['10.0.0.1'], doubted: [], notedAt: 1000 },
    });
  });

  test('a pod has the address of its sandbox, and the address of its status is doubted', () => {
    const pod = podEndpoint('web', { ips: ['10.0.0.1', 'fd00::1'] });
    expect(weighPod(pod, [sandbox(['10.0.0.2'])])).toMatchObject({
      ips: ['10.0.0.2', 'fd00::1'],
      sandbox: { noted: ['10.0.0.2'], doubted: ['10.0.0.1'] },
    });
  });

  test('a pod has the address of its newest sandbox, and those of older ones are doubted', () => {
    const all = [sandbox(['10.0.0.1']), sandbox(['10.0.0.3'], { notedAt: 3000 }), sandbox(['10.0.0.2'])];
    expect(weighPod(podEndpoint('web'), all)).toMatchObject({
      ips: ['10.0.0.3'],
      sandbox: { doubted: ['10.0.0.1', '10.0.0.2'], notedAt: 3000 },
    });
  });

  test('a pod whose status and sandbox agree has no doubted address, in whatever order they are', () => {
    const pod = podEndpoint('web', { ips: ['10.0.0.1', 'fd00::1'] });
    const weighed = weighPod(pod, [sandbox(['fd00::1', '10.0.0.1'])]);
    expect(weighed.ips).toBe(pod.ips);
    expect(weighed.sandbox?.doubted).toEqual([]);
  });

  test('a pod is as its status says once its sandbox is gone, and keeps the sandbox’s address while its status has none', () => {
    const told = podEndpoint('web', { ips: ['10.0.0.1'] });
    expect(weighPod(told, [], [sandbox(['10.0.0.2'])])).toBe(told);
    expect(weighPod(podEndpoint('web'), [], [sandbox(['10.0.0.2'])])).toEqual(
      podEndpoint('web', { ips: ['10.0.0.2'] }),
    );
  });

  test('a pod on the host network has no address of a sandbox', () => {
    const pod = podEndpoint('web', { hostNetwork: true });
    expect(weighPod(pod, [sandbox(['10.0.0.2'])])).toBe(pod);
  });
});

describe('weighUnknown', () => {
  test('a sandbox whose pod is unknown is closed under the pod’s name from its result', () => {
    expect(weighUnknown('web', [sandbox(['10.0.0.1', 'fd00::1'])], 'n1')).toMatchObject({
      uid: 'web',
      namespace: 'shop',
      name: 'web',
      node: 'n1',
      ips: ['10.0.0.1', 'fd00::1'],
      closed: 'unknown',
    });
  });

  test('a sandbox whose pod is unknown is closed under its uid if its result has no name', () => {
    expect(weighUnknown('web', [sandbox(['10.0.0.1'], { pod: undefined })], 'n1')).toMatchObject({
      namespace: '',
      name: 'web',
    });
  });

  test('a sandbox of a static pod is not closed, since the API server never knows its uid', () => {
    expect(weighUnknown('a3c1f5d27b9e4c80a3c1f5d27b9e4c80', [sandbox(['10.0.0.1'])], 'n1')).toBeUndefined();
    const ofTheApi = 'a3c1f5d2-7b9e-4c80-a3c1-f5d27b9e4c80';
    expect(weighUnknown(ofTheApi, [sandbox(['10.0.0.1'])], 'n1')).toMatchObject({ closed: 'unknown' });
  });

  test('no pod is closed without a sandbox', () => {
    expect(weighUnknown('web', [], 'n1')).toBeUndefined();
  });
});

describe('isGone', () => {
  test('a sandbox is gone if one of the interfaces in its result is gone', () => {
    const one = sandbox([], { hostInterfaces: ['cni0', 'veth1'] });
    expect(isGone(one, new Set(['lo', 'cni0', 'veth1']))).toBe(false);
    expect(isGone(one, new Set(['lo', 'cni0']))).toBe(true);
  });

  test('a sandbox is never gone if its result has no interface', () => {
    expect(isGone(sandbox([], { hostInterfaces: [] }), new Set())).toBe(false);
  });
});
