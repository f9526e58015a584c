import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ApiSourceDeps, createApiSource } from '../../src/cluster/api-source.ts';
import type { ClusterSource, KindStatus } from '../../src/cluster/source.ts';
import type { ClusterChange } from '../../src/model/cluster-change.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import {
  type Answer,
  closingWatch,
  type FakeApi,
  type FakeRequest,
  list,
  refusal,
  silence,
  startFakeApi,
  watch,
} from '../support/apiserver/fake-api.ts';
import { waitFor } from '../support/wait-for.ts';

let api: FakeApi;
let source: ClusterSource | undefined;
let changes: ClusterChange[] = [];
let troubles: string[] = [];

beforeEach(async () => {
  api = await startFakeApi();
  changes = [];
  troubles = [];
});

afterEach(async () => {
  await source?.stop();
  await api.stop();
});

const start = (settings: Partial<ApiSourceDeps> = {}): ClusterSource => {
  source = createApiSource({
    connect: () => Promise.resolve(api.connection),
    clock: createSystemClock(),
    random: () => 0.5,
    onTrouble(kind, trouble) {
      if (kind === 'pods' && trouble !== undefined) troubles.push(trouble);
    },
    ...settings,
    timing: { backoffFirst: 5, backoffLimit: 20, relistJitter: 5, stable: 0, ...settings.timing },
  });
  source.start((change) => changes.push(change));
  return source;
};

const pod = (
  name: string,
  changed: { uid?: string; resourceVersion?: string; labels?: object; phase?: string } = {},
): object => ({
  metadata: {
    uid: changed.uid ?? `uid-${name}`,
    namespace: 'shop',
    name,
    resourceVersion: changed.resourceVersion ?? '1',
    labels: changed.labels ?? {},
  },
  status: { phase: changed.phase ?? 'Running' },
});

const event = (type: string, object: object): object => ({ type, object });
const bookmark = (resourceVersion: string): object => event('BOOKMARK', { metadata: { resourceVersion } });
const status = (code: number, message: string, details = {}): object => event('ERROR', { code, message, details });

const pods = (): string[] => [...(source?.snapshot().pods.values() ?? [])].map(({ name }) => name).sort();
const podStatus = (): KindStatus | undefined => source?.status().pods;
const requests = (isWatch: boolean): FakeRequest[] =>
  api.requests.filter((request) => request.kind === 'pods' && request.isWatch === isWatch && !request.isProbe);

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const state = (): string => JSON.stringify({ status: podStatus(), pods: pods(), troubles });
  await waitFor(what, 10_000, () => Promise.resolve(holds() || undefined), state);
};

const untilWatching = (version: string): Promise<void> =>
  until(`a watch from ${version}`, () => requests(true).some(({ query }) => query.get('resourceVersion') === version));

describe('the first list', () => {
  test('comes in pages; nothing is known before the last one is in', async () => {
    let answerLast = (): void => undefined;
    api.script({
      lists: [
        list('7', [pod('a')], 'more'),
        (response, request) => {
          answerLast = () => list('7', [pod('b')])(response, request);
        },
      ],
    });
    const { hasSynced } = start({ timing: { pageSize: 2 } });
    await until('the second page', () => requests(false).length === 2);
    expect(pods()).toEqual([]);
    expect(hasSynced()).toBe(false);
    answerLast();
    await until('the list', hasSynced);
    expect(pods()).toEqual(['a', 'b']);
    expect(requests(false).map(({ query }) => [query.get('limit'), query.get('continue')])).toEqual([
      ['2', null],
      ['2', 'more'],
    ]);
    await untilWatching('7');
  });

  test('whose pages expire on the way is fetched in one piece', async () => {
    api.script({ lists: [list('7', [pod('a')], 'old'), refusal(410, 'expired'), list('9', [pod('b')])] });
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(pods()).toEqual(['b']);
    expect(requests(false).at(-1)?.query.get('limit')).toBeNull();
    expect(troubles).toEqual([]);
  });

  test('whose pages are too large comes in smaller ones', async () => {
    const huge: Answer = (response) => {
      const piece = Buffer.alloc(1024 * 1024, ' ');
      response.on('error', () => undefined);
      const more = (): void => {
        while (response.write(piece));
        response.once('drain', more);
      };
      more();
    };
    api.script({
      lists: [list('5', [pod('a')], 'more'), huge, list('5', [pod('b')], 'even-more'), list('5', [pod('c')])],
    });
    start({ timing: { pageSize: 500 } });
    await until('all pods', () => source?.hasSynced() === true);
    expect([...(source?.snapshot().pods.values() ?? [])].map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    const asked = api.requests.filter(({ kind, isWatch }) => kind === 'pods' && !isWatch);
    expect(asked.map(({ query }) => [query.get('limit'), query.get('continue')])).toEqual([
      ['500', null],
      ['500', 'more'],
      ['50', 'more'],
      ['50', 'even-more'],
    ]);
    expect(troubles).toEqual([]);
  });

  test('hasSynced waits for all three kinds', async () => {
    api.script({ lists: [refusal(500, 'no')] });
    const { hasSynced, status: statusOf } = start();
    await until('the other kinds', () => statusOf().namespaces.synced && statusOf().networkpolicies.synced);
    expect(hasSynced()).toBe(false);
  });

  test('an answer that is not from an API server is trouble', async () => {
    api.script({
      lists: [(response) => response.end('<html>login</html>'), (response) => response.end('{}'), list('1', [])],
    });
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(troubles[0]).toMatch(/JSON/);
    expect(troubles[1]).toBe('/api/v1/pods: the answer is not a list of the Kubernetes API');
  });
});

describe('events', () => {
  test('change the snapshot before they are told; what does not differ is not told', async () => {
    api.script({
      lists: [list('1', [pod('a')])],
      watches: [
        watch(
          event('ADDED', pod('b', { resourceVersion: '2' })),
          event('MODIFIED', pod('b', { resourceVersion: '3' })),
          event('MODIFIED', pod('b', { resourceVersion: '4', labels: { app: 'x' } })),
          event('DELETED', pod('a', { resourceVersion: '5' })),
          bookmark('9'),
        ),
      ],
    });
    const seen: string[] = [];
    source = createApiSource({
      connect: () => Promise.resolve(api.connection),
      clock: createSystemClock(),
      random: () => 0.5,
    });
    source.start(({ kind, key }) => {
      if (kind === 'pods') seen.push(`${key}: ${pods().join(' ')}`);
    });
    await until('the bookmark', () => podStatus()?.resourceVersion === '9');
    expect(seen).toEqual(['uid-a: a', 'uid-b: a b', 'uid-b: a b', 'uid-a: b']);
  });

  test('a pod that finishes goes', async () => {
    api.script({
      lists: [list('1', [pod('a'), pod('done', { phase: 'Succeeded' })])],
      watches: [watch(event('MODIFIED', pod('a', { phase: 'Failed', resourceVersion: '2' })))],
    });
    start();
    await until('the pod to go', () => podStatus()?.resourceVersion === '2');
    expect(pods()).toEqual([]);
    expect(changes.filter(({ kind }) => kind === 'pods')).toHaveLength(2);
  });

  test('a late end of a pod does not take away the one that has its name now', async () => {
    api.script({
      lists: [list('1', [pod('a', { uid: 'old' })])],
      watches: [
        watch(
          event('ADDED', pod('a', { uid: 'new', resourceVersion: '2' })),
          event('DELETED', pod('a', { uid: 'old', resourceVersion: '3' })),
        ),
      ],
    });
    const { snapshot } = start();
    await until('the end', () => podStatus()?.resourceVersion === '3');
    expect([...snapshot().pods.keys()]).toEqual(['new']);
  });
});

describe('a watch that ends', () => {
  test('in an orderly way goes on where it was, without a list and without trouble', async () => {
    api.script({ watches: [closingWatch(event('ADDED', pod('a', { resourceVersion: '5' })), bookmark('8')), silence] });
    start();
    await untilWatching('8');
    expect(pods()).toEqual(['a']);
    expect(requests(false)).toHaveLength(1);
    expect(podStatus()).toMatchObject({ trouble: undefined, restarts: 0 });
  });

  test('at once, each time, is trouble: we would be blind in between', async () => {
    api.script({ watches: [closingWatch()] });
    start({ timing: { stable: 10_000 } });
    await until('trouble', () => troubles.length >= 2);
    expect(troubles[0]).toBe('the server closes the watch at once');
    expect(requests(false)).toHaveLength(1);
  });

  test('by a broken connection goes on where it was', async () => {
    api.script({ watches: [watch(event('ADDED', pod('a', { resourceVersion: '5' })))] });
    start();
    await until('the pod', () => pods().length === 1);
    api.breakAll();
    await untilWatching('5');
    expect(requests(false)).toHaveLength(1);
    await until('recovery', () => podStatus()?.trouble === undefined);
    expect(podStatus()?.restarts).toBe(1);
    expect(troubles[0]).toMatch(/the connection broke/);
  });

  test('in the middle of a line loses nothing', async () => {
    const line = JSON.stringify(event('ADDED', pod('b', { resourceVersion: '6' })));
    api.script({
      watches: [
        (response, request) => {
          watch(event('ADDED', pod('a', { resourceVersion: '5' })))(response, request);
          response.write(line.slice(0, 40));
          response.end();
        },
        watch(event('ADDED', pod('b', { resourceVersion: '6' }))),
      ],
    });
    start();
    await until('both pods', () => pods().length === 2);
    expect(requests(true)[1]?.query.get('resourceVersion')).toBe('5');
  });

  test.each([
    ['as an answer', refusal(410, 'too old resource version: 1 (9)')],
    ['as an event', watch(status(410, 'too old resource version: 1 (9)'))],
  ])('with 410 Gone %s is listed anew; only real differences are told', async (_, gone) => {
    api.script({
      lists: [
        list('1', [pod('kept'), pod('gone'), pod('changed')]),
        list('9', [pod('kept', { resourceVersion: '8' }), pod('changed', { labels: { a: 'b' } }), pod('new')]),
      ],
      watches: [gone, silence],
    });
    start();
    await untilWatching('9');
    expect(pods()).toEqual(['changed', 'kept', 'new']);
    const told = changes.filter(({ kind }) => kind === 'pods').map(({ key }) => key);
    expect(told.slice(3).sort()).toEqual(['uid-changed', 'uid-gone', 'uid-new']);
    expect(troubles).toEqual(['410 Gone: too old resource version: 1 (9)']);
    expect(podStatus()).toMatchObject({ resourceVersion: '9', trouble: undefined, restarts: 1 });
  });

  test('with another error event goes on where it was', async () => {
    api.script({ lists: [list('4', [])], watches: [watch(status(500, 'etcd is away')), silence] });
    start();
    await until('the second watch', () => requests(true).length === 2);
    expect(requests(true)[1]?.query.get('resourceVersion')).toBe('4');
    expect(requests(false)).toHaveLength(1);
    expect(troubles).toEqual(['500 Internal Server Error: etcd is away']);
  });

  test('because nothing was heard is listed anew: the version may be from before a restore', async () => {
    api.script({ lists: [list('40', [pod('a')]), list('7', [pod('b')])], watches: [watch(bookmark('41')), silence] });
    start({ timing: { watchSilence: 60 } });
    await until('the second list', () => pods()[0] === 'b');
    expect(troubles[0]).toBe('nothing heard for 0.06 s; the connection is taken for dead');
    await untilWatching('7');
  });

  test('past its time is taken for dead, though it never spoke', async () => {
    start({ timing: { watchSeconds: [1, 1], watchOverrun: 50 } });
    await until('the second list', () => requests(false).length === 2);
    expect(troubles[0]).toBe('nothing heard for 1.05 s; the connection is taken for dead');
  });

  test('and never spoke is not expected to: a quiet cluster sends no bookmarks', async () => {
    start({ timing: { watchSilence: 20 } });
    await untilWatching('1');
    const pause = performance.now() + 500;
    await until('a while', () => performance.now() > pause);
    expect(troubles).toEqual([]);
  });

  test('bookmarks are signs of life', async () => {
    let beats = 0;
    api.script({
      watches: [
        (response, request) => {
          silence(response, request);
          const timer = setInterval(() => response.write(`${JSON.stringify(bookmark(String(++beats)))}\n`), 30);
          response.once('close', () => {
            clearInterval(timer);
          });
        },
      ],
    });
    start({ timing: { watchSilence: 1000 } });
    await until('many beats', () => beats > 50);
    expect(requests(true)).toHaveLength(1);
    expect(podStatus()?.restarts).toBe(0);
  });

  test('with something that is no JSON is listed anew', async () => {
    api.script({
      watches: [
        (response) => {
          response.end('<html>\n');
        },
        silence,
      ],
    });
    start();
    await until('the second list', () => requests(false).length === 2);
  });
});

describe('a list that hangs', () => {
  test('before its answer is given up and tried again', async () => {
    api.script({ lists: [() => undefined, list('1', [])] });
    const { hasSynced } = start({ timing: { listSilence: 50 } });
    await until('the list', hasSynced);
    expect(troubles).toEqual(['nothing heard for 0.05 s; the connection is taken for dead']);
  });

  test('in the middle of its answer too', async () => {
    api.script({
      lists: [
        (response) => {
          response.write('{"metadata":');
        },
        list('1', []),
      ],
    });
    const { hasSynced } = start({ timing: { listSilence: 50 } });
    await until('the list', hasSynced);
  });
});

describe('a server that refuses', () => {
  test.each([
    [401, /^401 Unauthorized: no: the API server does not accept these credentials/],
    [403, /^403 Forbidden: no: the credentials may not do this; grant get, list and watch on pods, namespaces/],
    [500, /^500 Internal Server Error: no$/],
  ])('with %i is named, and asked again', async (code, message) => {
    api.script({ lists: [refusal(code, 'no'), refusal(code, 'no'), list('1', [])] });
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(troubles).toHaveLength(2);
    expect(troubles[0]).toMatch(message);
    expect(podStatus()).toMatchObject({ trouble: undefined, restarts: 2 });
  });

  test('with 401 is asked again with credentials read anew; the state stays', async () => {
    let made = 0;
    api.script({
      lists: [list('1', [pod('a')])],
      watches: [
        (response, request) => {
          if (request.authorization === 'Bearer 1') refusal(401, 'expired')(response, request);
          else silence(response, request);
        },
      ],
    });
    start({
      connect() {
        made += 1;
        const headers = { Authorization: `Bearer ${made}` };
        return Promise.resolve({ ...api.connection, options: () => Promise.resolve({ headers }) });
      },
    });
    await until('the second watch', () => requests(true).at(-1)?.authorization === 'Bearer 2');
    expect(pods()).toEqual(['a']);
  });

  test('with 429 is left alone as long as it asks', async () => {
    api.script({ lists: [refusal(429, 'too many', { 'Retry-After': '1' }), list('1', [])] });
    const began = performance.now();
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(troubles).toEqual(['429 Too Many Requests: too many']);
  });

  test('with an endless Retry-After is asked again at the limit', async () => {
    api.script({ lists: [refusal(429, 'too many', { 'Retry-After': '999999' }), list('1', [])] });
    const { hasSynced } = start({ timing: { retryAfterLimit: 100 } });
    await until('the list', hasSynced);
  });

  test('waits longer each time', async () => {
    const times: number[] = [];
    api.script({
      lists: [
        (response, request) => {
          times.push(performance.now());
          refusal(503, 'starting')(response, request);
        },
      ],
    });
    start({ random: () => 1, timing: { backoffFirst: 20, backoffLimit: 200 } });
    await until('six attempts', () => times.length >= 6);
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    expect(gaps[4]).toBeGreaterThan(190);
    expect(gaps[0]).toBeLessThan(190);
  });
});

test('a connection that cannot be made is trouble of all kinds, and tried again', async () => {
  let attempts = 0;
  const { status: statusOf, hasSynced } = start({
    connect() {
      attempts += 1;
      return attempts < 4 ? Promise.reject(new Error('no kubeconfig')) : Promise.resolve(api.connection);
    },
  });
  await until('recovery', hasSynced);
  expect(troubles[0]).toBe('no kubeconfig');
  expect(statusOf().namespaces.restarts).toBeGreaterThan(0);
});

test('stop ends everything, also while it waits to try again', async () => {
  api.script({ lists: [refusal(500, 'no')] });
  const { stop } = start({ timing: { backoffFirst: 60_000, backoffLimit: 60_000 } });
  await until('trouble', () => troubles.length === 1);
  await stop();
  const asked = api.requests.length;
  expect(requests(false)).toHaveLength(1);
  expect(api.requests).toHaveLength(asked);
});
