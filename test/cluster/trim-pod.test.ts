import { describe, expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { createIntern } from '../../src/cluster/intern.ts';
import { samePod, trimPod } from '../../src/cluster/trim-pod.ts';
import type { RawObject } from '../../src/cluster/raw.ts';

const intern = createIntern();

const trim = (changes: { metadata?: object; spec?: object; status?: object } = {}): PodEndpoint | undefined =>
  trimPod(
    {
      metadata: { uid: 'u1', namespace: 'shop', name: 'web', ...changes.metadata },
      spec: { nodeName: 'node1', ...changes.spec },
      status: { phase: 'Running', ...changes.status },
    },
    intern,
  );

describe('trimPod', () => {
  test('trimPod keeps the parts that policy depends on, and nothing else', () => {
    const pod = trim({
      metadata: {
        labels: { app: 'web', tier: '' },
        annotations: { long: 'text' },
        managedFields: [{}],
        creationTimestamp: '2026-01-02T03:04:05Z',
      },
      spec: { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, name: 'http', hostPort: 8080 }] }] },
      status: { podIP: '10.0.0.5', podIPs: [{ ip: '10.0.0.5' }, { ip: 'FD00::5' }], hostIPs: [{ ip: '192.0.2.1' }] },
    });
    expect(pod).toEqual({
      uid: 'u1',
      namespace: 'shop',
      name: 'web',
      node: 'node1',
      labels: new Map([
        ['app', 'web'],
        ['tier', ''],
      ]),
      ips: ['10.0.0.5', 'fd00::5'],
      hostIPs: ['192.0.2.1'],
      hostNetwork: false,
      ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    });
  });

  test('a pod that is not yet bound has no node and no addresses', () => {
    const pod = trimPod({ metadata: { uid: 'u1', namespace: 'shop', name: 'web' }, spec: {}, status: {} }, intern);
    expect(pod).toMatchObject({ node: '', ips: [], hostIPs: [], ports: [], createdAt: 0 });
  });

  test.each(['Succeeded', 'Failed'])('a pod in phase %s is left out', (phase) => {
    expect(trim({ status: { phase } })).toBeUndefined();
  });

  test.each(['Pending', 'Running', 'Unknown'])('a pod in phase %s is kept', (phase) => {
    expect(trim({ status: { phase } })).toBeDefined();
  });

  test('a terminating pod is kept, since it still has its address', () => {
    expect(trim({ metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' } })).toMatchObject({ isTerminating: true });
    // The form of protobuf.
    expect(trim({ metadata: { deletionTimestamp: 1_767_323_045_000 } })).toMatchObject({ isTerminating: true });
    for (const none of [undefined, null]) {
      expect(trim({ metadata: { deletionTimestamp: none } })).not.toHaveProperty('isTerminating');
    }
  });

  test('status.podIP counts if podIPs is missing or empty', () => {
    expect(trim({ status: { podIP: '10.0.0.5' } })?.ips).toEqual(['10.0.0.5']);
    expect(trim({ status: { podIP: '10.0.0.5', podIPs: [] } })?.ips).toEqual(['10.0.0.5']);
  });

  test('an invalid address is dropped, and the pod stays', () => {
    expect(trim({ status: { podIPs: [{ ip: 'soon' }, { ip: 'fd00::5' }] } })?.ips).toEqual(['fd00::5']);
  });

  test('ports of restartable init containers count, those of plain ones do not', () => {
    const ports = (containerPort: number): object[] => [{ containerPort, protocol: 'UDP' }];
    const pod = trim({
      spec: {
        initContainers: [
          { name: 'setup', ports: ports(1) },
          { name: 'sidecar', restartPolicy: 'Always', ports: ports(2) },
        ],
        containers: [{ name: 'main', ports: ports(3) }],
      },
    });
    expect(pod?.ports.map(({ port, protocol }) => `${protocol} ${port}`)).toEqual(['UDP 3', 'UDP 2']);
  });

  test.each([
    { containerPort: 0 },
    { containerPort: 65_536 },
    { containerPort: '80' },
    { containerPort: 1.5 },
    { containerPort: 80, protocol: 'ICMP' },
    null,
  ])('an invalid port is dropped: %j', (port) => {
    expect(trim({ spec: { containers: [{ ports: [port, { containerPort: 443 }] }] } })?.ports).toEqual([
      { name: undefined, protocol: 'TCP', port: 443 },
    ]);
  });

  test('trimPod keeps hostNetwork', () => {
    expect(trim({ spec: { hostNetwork: true } })?.hostNetwork).toBe(true);
  });

  test('an object without a name is not a pod', () => {
    expect(trimPod({ metadata: { namespace: 'shop' } }, intern)).toBeUndefined();
    expect(trimPod({}, intern)).toBeUndefined();
  });

  test('namespace and name are the key of a pod without a uid', () => {
    expect(trimPod({ metadata: { namespace: 'shop', name: 'web' } }, intern)?.uid).toBe('shop/web');
  });
});

describe('samePod', () => {
  const full = (changes: Parameters<typeof trim>[0] = {}): PodEndpoint => {
    const pod = trim({
      ...changes,
      metadata: { labels: { app: 'web' }, ...changes.metadata },
      spec: { containers: [{ ports: [{ containerPort: 80 }] }], ...changes.spec },
      status: { podIP: '10.0.0.5', hostIP: '192.0.2.1', ...changes.status },
    });
    if (pod === undefined) throw new Error('the pod is not finished');
    return pod;
  };

  test('samePod ignores a heartbeat', () => {
    expect(samePod(full(), full({ status: { conditions: [{ type: 'Ready' }] } }))).toBe(true);
  });

  test.each([
    { metadata: { uid: 'u2' } },
    { metadata: { labels: { app: 'db' } } },
    { metadata: { labels: {} } },
    { metadata: { labels: { app: 'web', more: '' } } },
    { metadata: { creationTimestamp: '2026-01-02T03:04:05Z' } },
    { spec: { nodeName: 'node2' } },
    { spec: { hostNetwork: true } },
    { spec: { containers: [{ ports: [{ containerPort: 81 }] }] } },
    { spec: { containers: [{ ports: [{ containerPort: 80, name: 'http' }] }] } },
    { spec: { containers: [] } },
    { status: { podIP: '10.0.0.6' } },
    { status: { podIP: '' } },
    { status: { hostIP: '192.0.2.2' } },
  ])('samePod detects a difference: %j', (changes) => {
    expect(samePod(full(), full(changes))).toBe(false);
  });
});

describe('trimPod with a neighbour', () => {
  const raw = (changed: { labels?: object; port?: number } = {}): RawObject => ({
    metadata: { uid: 'u', namespace: 'shop', name: 'web', labels: changed.labels ?? { app: 'web' } },
    spec: { containers: [{ ports: [{ containerPort: changed.port ?? 80 }] }] },
  });
  const neighbour = trimPod(raw(), intern);

  test('equal labels and ports are shared with the neighbour', () => {
    const pod = trimPod(raw(), intern, neighbour);
    expect(pod?.labels).toBe(neighbour?.labels);
    expect(pod?.ports).toBe(neighbour?.ports);
  });

  test.each([
    ['other', { app: 'db' }],
    ['more', { app: 'web', tier: 'back' }],
    ['no', {}],
  ])('a pod with %s labels has its own labels', (_, labels) => {
    expect(Object.fromEntries(trimPod(raw({ labels }), intern, neighbour)?.labels ?? [])).toEqual(labels);
  });

  test('a pod with another port has its own ports', () => {
    expect(trimPod(raw({ port: 81 }), intern, neighbour)?.ports.map(({ port }) => port)).toEqual([81]);
  });
});
