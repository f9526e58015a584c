import { beforeEach, describe, expect, test } from '@jest/globals';
import { withEarlyAddresses } from '../../../src/cluster/cni/early-addresses.ts';
import type { ClusterSource, SourceStatus } from '../../../src/cluster/source.ts';
import type { ClusterChange } from '../../../src/model/cluster-change.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import { podEndpoint } from '../../support/pod-endpoint.ts';

const POD = podEndpoint('web');

let pods: Map<string, PodEndpoint>;
let files: Map<string, readonly string[]>;
let looked: boolean;
let changes: ClusterChange[];
let tellPod: (uid: string) => void;
let tellFile: (uid: string) => void;
let source: ClusterSource;

const api = (pod: PodEndpoint | undefined): void => {
  if (pod === undefined) pods.delete('web');
  else pods.set('web', pod);
  tellPod('web');
};

const file = (...ips: readonly string[]): void => {
  if (ips.length === 0) files.delete('web');
  else files.set('web', ips);
  tellFile('web');
};

const ips = (): readonly string[] | undefined => source.snapshot().pods.get('web')?.ips;

beforeEach(() => {
  pods = new Map();
  files = new Map();
  looked = true;
  changes = [];
  source = withEarlyAddresses(
    {
      start(onChange) {
        tellPod = (key) => {
          onChange({ kind: 'pods', key });
        };
      },
      hasSynced: () => true,
      snapshot: () => ({ pods, namespaces: new Map(), policies: new Map() }),
      status: () => ({}) as SourceStatus,
      stop: () => Promise.resolve(),
    },
    {
      start(onChange) {
        tellFile = onChange;
      },
      hasLooked: () => looked,
      addressesOf: (uid) => files.get(uid),
      links: () => [],
      status: () => ({ folder: '', watched: true, pods: files.size }),
      stop: () => Promise.resolve(),
    },
    'n1',
  );
  source.start((change) => changes.push(change));
});

describe('a pod without an address', () => {
  test('gets that of its file, and the API’s as soon as there is one', () => {
    api(POD);
    file('10.0.0.5');
    expect(ips()).toEqual(['10.0.0.5']);
    expect(changes).toHaveLength(2);
    api({ ...POD, ips: ['10.0.0.6'] });
    expect(ips()).toEqual(['10.0.0.6']);
    file();
    expect(ips()).toEqual(['10.0.0.6']);
    expect(changes).toHaveLength(3);
  });

  test('gets it when the file came first', () => {
    file('10.0.0.5');
    expect(changes).toEqual([]);
    api(POD);
    expect(ips()).toEqual(['10.0.0.5']);
    expect(changes).toEqual([{ kind: 'pods', key: 'web' }]);
  });

  test('loses it with the file', () => {
    api(POD);
    file('10.0.0.5');
    file();
    expect(ips()).toEqual([]);
    expect(changes).toHaveLength(3);
  });

  test('has what else the API changes', () => {
    api(POD);
    file('10.0.0.5');
    api({ ...POD, labels: new Map([['a', 'b']]) });
    expect(source.snapshot().pods.get('web')).toEqual({ ...POD, labels: new Map([['a', 'b']]), ips: ['10.0.0.5'] });
  });
});

describe('no file gives an address to', () => {
  test.each([
    ['a pod of another node', { ...POD, node: 'n2' }],
    ['a pod that is not bound', { ...POD, node: '' }],
    ['a pod on the host network', { ...POD, hostNetwork: true }],
  ])('%s', (_what, pod) => {
    api(pod);
    file('10.0.0.5');
    expect(ips()).toEqual([]);
  });

  test('a pod that the API does not know any more', () => {
    api(POD);
    file('10.0.0.5');
    api(undefined);
    expect(source.snapshot().pods.size).toBe(0);
    file('10.0.0.6');
    expect([...source.snapshot().pods.values()]).toEqual([]);
  });

  test('a pod of which the API told another one, if the file was there before', () => {
    looked = false;
    api({ ...POD, ips: ['10.0.0.6'] });
    file('10.0.0.5');
    looked = true;
    expect(ips()).toEqual(['10.0.0.6']);
    api({ ...POD, ips: ['10.0.0.6'], labels: new Map([['a', 'b']]) });
    expect(ips()).toEqual(['10.0.0.6']);
  });
});

test('a new sandbox’s file counts until the API tells something new', () => {
  api({ ...POD, ips: ['10.0.0.6'] });
  file('10.0.0.7');
  expect(ips()).toEqual(['10.0.0.7']);
  api({ ...POD, ips: ['10.0.0.6'], labels: new Map([['a', 'b']]) });
  expect(ips()).toEqual(['10.0.0.7']);
  api({ ...POD, ips: ['10.0.0.8'] });
  expect(ips()).toEqual(['10.0.0.8']);
  api({ ...POD, ips: ['10.0.0.6'] });
  expect(ips()).toEqual(['10.0.0.6']);
});

test('is complete once the folder was looked at', () => {
  looked = false;
  expect(source.hasSynced()).toBe(false);
  looked = true;
  expect(source.hasSynced()).toBe(true);
});
