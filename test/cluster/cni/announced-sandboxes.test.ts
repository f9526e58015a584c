import { beforeEach, describe, expect, test } from '@jest/globals';
import { withAnnouncements, type AnnouncedSandboxes } from '../../../src/cluster/cni/announced-sandboxes.ts';
import { parseCniRequest } from '../../../src/cluster/cni/cni-request.ts';
import type { CniResults } from '../../../src/cluster/cni/follow-results.ts';
import type { CniResult } from '../../../src/cluster/cni/parse-result.ts';
import type { Sandbox } from '../../../src/model/sandbox.ts';

const result = (podUid: string, ip: string, hostInterface: string): CniResult => ({
  podUid,
  pod: { namespace: 'shop', name: podUid },
  ips: [ip],
  hostInterface,
  hostInterfaces: [hostInterface],
});

let noted: Map<string, readonly Sandbox[]>;
let interfaces: Set<string>;
let now: number;
let told: string[];
let noteChange: (podUid: string) => void;
let announced: AnnouncedSandboxes;

const results: CniResults = {
  start(onChange) {
    noteChange = onChange;
  },
  hasLooked: () => true,
  sandboxesOf: (podUid) => noted.get(podUid) ?? [],
  podUids: () => noted.keys(),
  links: () => [],
  status: () => ({ folder: '/results', watched: true, pods: noted.size }),
  stop: () => Promise.resolve(),
};

const note = (podUid: string, ip: string, hostInterface: string): void => {
  const { pod, ips, hostInterfaces } = result(podUid, ip, hostInterface);
  noted.set(podUid, [{ podUid, pod, ips, hostInterfaces, notedAt: now }]);
  noteChange(podUid);
};

const addressesOf = (podUid: string): readonly string[] => announced.sandboxesOf(podUid).flatMap(({ ips }) => ips);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  noted = new Map();
  interfaces = new Set(['veth1', 'veth2']);
  now = 1000;
  told = [];
  announced = withAnnouncements({ results, readInterfaces: () => Promise.resolve(interfaces), now: () => now });
  announced.start((podUid) => told.push(podUid));
});

describe('announcements of the CNI plugin', () => {
  test('an announcement is reported as a result of the pod’s sandbox, including its link', () => {
    announced.announce('c1', result('web', '10.0.0.2', 'veth1'));
    expect(told).toEqual(['web']);
    expect(addressesOf('web')).toEqual(['10.0.0.2']);
    expect([...announced.podUids()]).toEqual(['web']);
    expect(announced.links()).toMatchObject([{ ips: ['10.0.0.2'], hostInterface: 'veth1' }]);
  });

  test('an announcement is replaced by the runtime’s own result', () => {
    announced.announce('c1', result('web', '10.0.0.2', 'veth1'));
    now += 20;
    note('web', '10.0.0.2', 'veth1');
    expect(announced.sandboxesOf('web')).toHaveLength(1);
    noted.delete('web');
    noteChange('web');
    expect(addressesOf('web')).toEqual([]);
  });

  test('an announcement stays beside results of another or an older sandbox of the pod', () => {
    note('web', '10.0.0.2', 'veth1');
    now += 20;
    announced.announce('c2', result('web', '10.0.0.3', 'veth2'));
    expect(addressesOf('web')).toEqual(['10.0.0.2', '10.0.0.3']);
    announced.announce('c3', result('web', '10.0.0.2', 'veth1'));
    expect(announced.sandboxesOf('web').map(({ notedAt }) => notedAt)).toEqual([1000, 1020, 1020]);
  });

  test('an announcement ends when it is withdrawn, which is reported once', () => {
    announced.announce('c1', result('web', '10.0.0.2', 'veth1'));
    announced.withdraw('c1');
    announced.withdraw('c1');
    expect(addressesOf('web')).toEqual([]);
    expect(told).toEqual(['web', 'web']);
  });

  test('an announcement ends some time after its interface is gone, when another one comes', async () => {
    announced.announce('c1', result('web', '10.0.0.2', 'veth1'));
    interfaces.delete('veth1');
    now += 5_000;
    announced.announce('c2', result('api', '10.0.0.3', 'veth2'));
    await turn();
    expect(addressesOf('web')).toEqual(['10.0.0.2']);
    now += 60_000;
    announced.announce('c3', result('db', '10.0.0.4', 'veth2'));
    await turn();
    expect(addressesOf('web')).toEqual([]);
    expect(addressesOf('api')).toEqual(['10.0.0.3']);
  });

  test('an announcement counts even if no results are read', () => {
    const alone = withAnnouncements({
      results: undefined,
      readInterfaces: () => Promise.resolve(interfaces),
      now: () => now,
    });
    alone.start((podUid) => told.push(podUid));
    alone.announce('c1', result('web', '10.0.0.2', 'veth1'));
    expect(alone.hasLooked()).toBe(true);
    expect(alone.sandboxesOf('web')).toMatchObject([{ ips: ['10.0.0.2'], notedAt: 1000 }]);
  });
});

describe('requests of the CNI plugin', () => {
  const add = {
    command: 'add',
    containerId: 'c1',
    ifName: 'eth0',
    cniArgs: [
      ['K8S_POD_NAMESPACE', 'shop'],
      ['K8S_POD_NAME', 'web'],
      ['K8S_POD_UID', 'u1'],
    ],
    result: {
      interfaces: [{ name: 'veth1' }, { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: '/ns' }],
      ips: [{ interface: 1, address: '10.0.0.2/24' }],
    },
    deadlineMs: 500,
  };

  test('a request contains pod, interfaces and addresses', () => {
    expect(parseCniRequest(JSON.stringify(add))).toEqual({
      kind: 'add',
      containerId: 'c1',
      result: { ...result('web', '10.0.0.2', 'veth1'), podUid: 'u1' },
      deadlineMs: 500,
    });
    expect(parseCniRequest(JSON.stringify({ ...add, ifName: 'net1' }))).toMatchObject({
      kind: 'add',
      result: undefined,
    });
    expect(parseCniRequest('{"command":"del","containerId":"c1"}')).toEqual({ kind: 'del', containerId: 'c1' });
  });

  test.each([
    ['no JSON', '{', /JSON/],
    ['no container', JSON.stringify({ ...add, containerId: '' }), /containerId is missing/],
    ['another command', JSON.stringify({ ...add, command: 'rm' }), /"rm" is neither/],
    ['no deadline', JSON.stringify({ ...add, deadlineMs: 'soon' }), /deadlineMs is no number/],
    ['a deadline in the past', JSON.stringify({ ...add, deadlineMs: -1 }), /deadlineMs is no number/],
    ['no interfaces', JSON.stringify({ ...add, result: {} }), /result names no interface/],
  ])('a request with %s is refused with the reason', (_, line, reason) => {
    expect(() => parseCniRequest(line)).toThrow(reason);
  });
});
