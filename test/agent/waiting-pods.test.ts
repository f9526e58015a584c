import { expect, test } from '@jest/globals';
import { createWaitingPods } from '../../src/agent/waiting-pods.ts';
import { IN_FORCE, type PodVerdict } from '../../src/cluster/condition/reasons.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { podEndpoint } from '../support/pod-endpoint.ts';

const setUp = () => {
  const pods = new Map<string, PodEndpoint>();
  let verdict: PodVerdict | undefined = IN_FORCE;
  const waiting = createWaitingPods(
    { snapshot: () => ({ pods, namespaces: new Map(), policies: new Map() }) },
    'n1',
    () => verdict,
  );
  return {
    ...waiting,
    put(pod: PodEndpoint) {
      pods.set(pod.uid, pod);
      waiting.noteChange({ kind: 'pods', key: pod.uid });
    },
    remove(uid: string) {
      pods.delete(uid);
      waiting.noteChange({ kind: 'pods', key: uid });
    },
    judge(now: PodVerdict | undefined) {
      verdict = now;
    },
    pass(succeeded: boolean) {
      waiting.notePass();
      waiting.noteResult(succeeded);
    },
  };
};

const POD = podEndpoint('u1', { node: 'n1', ips: ['10.0.0.1'] });

test('a pod of the node waits until a pass has succeeded since it came', () => {
  const { put, pass, count } = setUp();
  put(POD);
  expect(count()).toBe(1);
  pass(false);
  expect(count()).toBe(1);
  pass(true);
  expect(count()).toBe(0);
});

test('a pod waits as long as its verdict is another one than that its policies are in force', () => {
  const { put, pass, judge, count } = setUp();
  put(POD);
  pass(true);
  judge({ status: 'False', reason: 'FamilyNotProgrammed', message: 'ipv4' });
  expect(count()).toBe(1);
  judge(undefined);
  expect(count()).toBe(1);
  judge(IN_FORCE);
  expect(count()).toBe(0);
});

test('pods of other nodes, of the host network, without an address, and deleted ones do not wait', () => {
  const { put, remove, count } = setUp();
  put(podEndpoint('u2', { node: 'n2', ips: ['10.0.0.2'] }));
  put(podEndpoint('u3', { node: 'n1', ips: ['10.0.0.3'], hostNetwork: true }));
  put(podEndpoint('u4', { node: 'n1', ips: [] }));
  put(POD);
  remove(POD.uid);
  expect(count()).toBe(0);
});
