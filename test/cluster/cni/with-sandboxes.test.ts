import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import type { Sandbox } from '../../../src/model/sandbox.ts';
import { createDrivenClock, type DrivenClock } from '../../reconcile/driven-clock.ts';
import { podEndpoint } from '../../support/pod-endpoint.ts';
import {
  createNodeWords,
  type Following,
  follow,
  type NodeWords,
  tellNote,
  tellPod,
} from '../../support/sandboxes/node-words.ts';

const POD = podEndpoint('web');

let words: NodeWords;
let clock: DrivenClock;
let following: Following;

/** Adds a result of one sandbox of the pod, whose interface exists. */
const note = (ips: readonly string[], more: Partial<Sandbox> & { readonly file?: string } = {}): void => {
  const { file = 'one', ...rest } = more;
  words.interfaces.add(`veth-${file}`);
  tellNote(words, file, {
    podUid: 'web',
    pod: { namespace: 'shop', name: 'web' },
    ips,
    hostInterfaces: [`veth-${file}`],
    notedAt: 1,
    ...rest,
  });
};

const endNote = (file = 'one'): void => {
  tellNote(words, file, undefined);
};

const api = (pod: PodEndpoint | undefined, uid = 'web'): void => {
  tellPod(words, uid, pod);
};

const pods = (): ReadonlyMap<string, PodEndpoint> => following.source.snapshot().pods;
const show = (uid = 'web'): string | undefined => {
  const pod = pods().get(uid);
  return pod && `${pod.closed ?? 'open'} ${pod.ips.join(' ')}`;
};

const restart = (withResults = true): void => {
  following.stop();
  following = follow(words, clock, withResults);
};

beforeEach(() => {
  words = createNodeWords();
  words.pods.set('other', podEndpoint('other', { node: 'n2', ips: ['10.0.1.1'] }));
  clock = createDrivenClock();
  following = follow(words, clock);
});

afterEach(() => {
  following.stop();
});

describe('pods without an address in their status', () => {
  test('a pod without an address gets that of its sandbox, and the API’s as soon as the sandbox is gone', async () => {
    api(POD);
    note(['10.0.0.5']);
    expect(show()).toBe('open 10.0.0.5');
    api({ ...POD, ips: ['10.0.0.6'] });
    expect(show()).toBe('open 10.0.0.5');
    endNote();
    expect(show()).toBe('open 10.0.0.6');
    expect(following.changes.filter(({ key }) => key === 'web')).toHaveLength(4);
    await clock.settle();
  });

  test('a pod without an address gets that of its sandbox if the result came first', () => {
    note(['10.0.0.5']);
    api(POD);
    expect(show()).toBe('open 10.0.0.5');
  });

  test('a pod without an address loses that of its sandbox when the result is deleted', () => {
    api(POD);
    note(['10.0.0.5']);
    endNote();
    expect(show()).toBe('open ');
  });

  test('a pod with a sandbox’s address still has the API’s other changes', () => {
    api(POD);
    note(['10.0.0.5']);
    api({ ...POD, labels: new Map([['a', 'b']]) });
    expect(pods().get('web')).toMatchObject({ labels: new Map([['a', 'b']]), ips: ['10.0.0.5'] });
  });
});

describe('pods that get no address from results', () => {
  test.each([
    ['a pod of another node', { ...POD, node: 'n2' }],
    ['a pod that is not bound', { ...POD, node: '' }],
    ['a pod on the host network', { ...POD, hostNetwork: true }],
  ])('no result gives an address to %s', (_what, pod) => {
    api(pod);
    note(['10.0.0.5']);
    expect(show()).toBe('open ');
  });
});

describe('results of a new sandbox', () => {
  const expectNoted = (): void => {
    expect(pods().get('web')).toMatchObject({
      ips: ['10.0.0.7'],
      sandbox: { noted: ['10.0.0.7'], doubted: ['10.0.0.6'] },
    });
  };

  test('a new sandbox’s result still counts after a restart of the agent', async () => {
    api({ ...POD, ips: ['10.0.0.6'] });
    note(['10.0.0.7']);
    expectNoted();
    restart();
    expectNoted();
    await clock.pass(20_000);
    expectNoted();
    api({ ...POD, ips: ['10.0.0.7'] });
    expect(pods().get('web')?.sandbox?.doubted).toEqual([]);
  });

  test('a new sandbox’s result counts until its interface is gone, because a crash left the file behind', async () => {
    api({ ...POD, ips: ['10.0.0.6'] });
    note(['10.0.0.7']);
    words.interfaces.delete('veth-one');
    await clock.pass(1000);
    expect(show()).toBe('open 10.0.0.6');
    restart();
    await clock.settle();
    expect(show()).toBe('open 10.0.0.6');
  });
});

describe('sandboxes whose pod the API server does not know', () => {
  test('a sandbox is closed from the time its pod is gone until the sandbox is gone', () => {
    api({ ...POD, ips: ['10.0.0.5'] });
    note(['10.0.0.5']);
    api(undefined);
    expect(show()).toBe('unknown 10.0.0.5');
    endNote();
    words.interfaces.delete('veth-one');
    expect(show()).toBe('unknown 10.0.0.5');
  });

  test('a closed sandbox is forgotten when its interface is gone', async () => {
    api({ ...POD, ips: ['10.0.0.5'] });
    note(['10.0.0.5']);
    api(undefined);
    words.interfaces.delete('veth-one');
    endNote();
    await clock.settle();
    expect(show()).toBeUndefined();
  });

  test('a closed sandbox whose result the runtime left behind is forgotten when its interface is gone', async () => {
    note(['10.0.0.5']);
    expect(show()).toBe('unknown 10.0.0.5');
    words.interfaces.delete('veth-one');
    await clock.pass(1000);
    expect(show()).toBeUndefined();
  });

  test('a sandbox whose result was deleted is closed while its interface exists', async () => {
    api({ ...POD, ips: ['10.0.0.5'] });
    note(['10.0.0.5']);
    api(undefined);
    endNote();
    await clock.pass(30_000);
    expect(show()).toBe('unknown 10.0.0.5');
    words.interfaces.delete('veth-one');
    await clock.pass(1000);
    expect(show()).toBeUndefined();
  });

  test('a closed sandbox stays closed after a restart of the agent, and opens once the API server knows its pod', () => {
    note(['10.0.0.5']);
    restart();
    expect(show()).toBe('unknown 10.0.0.5');
    api({ ...POD, ips: ['10.0.0.5'] });
    expect(show()).toBe('open 10.0.0.5');
  });

  test('a static pod’s sandbox is not closed', () => {
    note(['10.0.0.5'], { podUid: 'a3c1f5d27b9e4c80a3c1f5d27b9e4c80' });
    expect(show('a3c1f5d27b9e4c80a3c1f5d27b9e4c80')).toBeUndefined();
  });

  test('no sandbox is closed while the API server knows no pod at all; from then on it is', () => {
    api({ ...POD, ips: ['10.0.0.5'] });
    note(['10.0.0.5']);
    words.listedNone = true;
    words.pods.clear();
    api(undefined);
    api(undefined, 'other');
    expect(show()).toBeUndefined();
    restart();
    expect(show()).toBeUndefined();
    words.listedNone = false;
    api(podEndpoint('other', { node: 'n2' }), 'other');
    expect(show()).toBe('unknown 10.0.0.5');
    expect(following.changes).toContainEqual({ kind: 'pods', key: 'web' });
  });
});

describe('vanished pods without a result', () => {
  beforeEach(() => {
    restart(false);
  });

  test('a vanished pod without a result is closed, and forgotten after ten minutes', async () => {
    api({ ...POD, ips: ['10.0.0.5'], labels: new Map([['a', 'b']]) });
    api(undefined);
    expect(pods().get('web')).toMatchObject({ closed: 'vanished', ips: ['10.0.0.5'], labels: new Map([['a', 'b']]) });
    await clock.pass(599_000);
    expect(show()).toBe('vanished 10.0.0.5');
    await clock.pass(2000);
    expect(show()).toBeUndefined();
    expect(following.changes.at(-1)).toEqual({ kind: 'pods', key: 'web' });
  });

  test('a vanished pod is not forgotten while a route leads to its address', async () => {
    api({ ...POD, ips: ['10.0.0.5'] });
    api(undefined);
    words.routed.add('10.0.0.5');
    await clock.pass(700_000);
    expect(show()).toBe('vanished 10.0.0.5');
    words.routed.clear();
    await clock.pass(700_000);
    expect(show()).toBeUndefined();
  });

  test('a vanished pod is forgotten at once if the API server suddenly knows no pod at all', () => {
    api({ ...POD, ips: ['10.0.0.5'] });
    words.listedNone = true;
    words.pods.clear();
    api(undefined);
    expect(show()).toBeUndefined();
  });

  test('of up to 256 vanished pods, the oldest is forgotten first', () => {
    for (let at = 0; at <= 256; at += 1) {
      api(podEndpoint(`p${at}`, { ips: [`10.0.${at >> 8}.${at & 255}`] }), `p${at}`);
      api(undefined, `p${at}`);
    }
    expect(show('p0')).toBeUndefined();
    expect(show('p1')).toBe('vanished 10.0.0.1');
    expect(show('p256')).toBe('vanished 10.0.1.0');
  });

  test.each([
    ['a pod of another node', { ...POD, node: 'n2', ips: ['10.0.0.5'] }],
    ['a pod on the host network', { ...POD, hostNetwork: true, ips: ['10.0.0.5'] }],
    ['a pod without an address', POD],
  ])('a vanished pod is forgotten at once if it is %s', (_what, pod) => {
    api(pod);
    api(undefined);
    expect(show()).toBeUndefined();
  });
});

test('a vanished pod whose sandbox had a result and is gone is forgotten with it', () => {
  api({ ...POD, ips: ['10.0.0.5'] });
  note(['10.0.0.5']);
  endNote();
  api(undefined);
  expect(show()).toBeUndefined();
});
