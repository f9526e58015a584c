import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { type ApiSourceDeps, createApiSource } from '../../src/cluster/api-source.ts';
import type { ClusterSource } from '../../src/cluster/source.ts';
import type { ClusterChange } from '../../src/model/cluster-change.ts';
import { createDrivenClock, type DrivenClock } from '../reconcile/driven-clock.ts';
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

/** The source against an API server in trouble, with a clock that the test drives and the real waiting times. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let api: FakeApi;
let clock: DrivenClock;
let source: ClusterSource;
let changes: ClusterChange[];
let troubles: string[];

const pod = (name: string): object => ({ metadata: { uid: `uid-${name}`, namespace: 'shop', name }, status: {} });
const bookmark = (resourceVersion: string): object => ({ type: 'BOOKMARK', object: { metadata: { resourceVersion } } });
const added = (name: string, resourceVersion: string): object => ({
  type: 'ADDED',
  object: { metadata: { uid: `uid-${name}`, namespace: 'shop', name, resourceVersion }, status: {} },
});
const gone = refusal(410, 'too old resource version');

const pods = (): string[] => [...source.snapshot().pods.values()].map(({ name }) => name).sort();
const told = (): string[] => changes.filter(({ kind }) => kind === 'pods').map(({ key }) => key);
const requests = (isWatch: boolean): FakeRequest[] =>
  api.requests.filter((request) => request.kind === 'pods' && request.isWatch === isWatch && !request.isProbe);

/** Lets time pass in steps, with a breath for the sockets after each, until it holds. @returns the time that passed, ms. */
const passUntil = async (what: string, stepMs: number, holds: () => boolean): Promise<number> => {
  const began = clock.now();
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new Error(`${what}: ${JSON.stringify({ status: source.status(), pods: pods(), troubles })}`);
    }
    await clock.pass(stepMs);
    await delay(5);
  }
  return clock.now() - began;
};

const start = async (settings: Partial<ApiSourceDeps> = {}): Promise<void> => {
  source = createApiSource({
    connect: () => Promise.resolve(api.connection),
    clock,
    random: () => 0.5,
    onTrouble(kind, trouble) {
      if (kind === 'pods' && trouble !== undefined) troubles.push(trouble);
    },
    ...settings,
  });
  source.start((change) => changes.push(change));
  await passUntil('the first list', 100, source.hasSynced);
  await passUntil('the first watch', 0, () => requests(true).length > 0);
  changes.length = 0;
};

beforeEach(async () => {
  api = await startFakeApi();
  clock = createDrivenClock();
  changes = [];
  troubles = [];
});

afterEach(async () => {
  await source.stop();
  await api.stop();
});

describe('an API server that is away for six hours', () => {
  test('is asked again all the time and not often; the state stays; what changed is learned when it is back', async () => {
    api.script({ lists: [list('7', [pod('kept'), pod('old')]), list('90', [pod('kept'), pod('new')])] });
    let away = false;
    let attempts = 0;
    await start({
      connect() {
        attempts += 1;
        return away ? Promise.reject(new Error('connect ECONNREFUSED')) : Promise.resolve(api.connection);
      },
    });
    away = true;
    api.breakAll();
    await passUntil('the trouble', 100, () => troubles.length > 0);
    attempts = 0;
    const asked = api.requests.length;
    for (let passed = 0; passed < 6 * HOUR; passed += MINUTE) await clock.pass(MINUTE);
    expect(pods()).toEqual(['kept', 'old']);
    expect(told()).toEqual([]);
    expect(api.requests).toHaveLength(asked);
    // Three kinds, each at most every 15 s and at least every 30 s.
    expect(attempts).toBeGreaterThanOrEqual((3 * 6 * HOUR) / (30 * SECOND));
    expect(attempts).toBeLessThanOrEqual((3 * 6 * HOUR) / (15 * SECOND));
    away = false;
    expect(await passUntil('the new state', SECOND, () => pods().includes('new'))).toBeLessThan(40 * SECOND);
    expect(pods()).toEqual(['kept', 'new']);
    expect(told().sort()).toEqual(['uid-new', 'uid-old']);
  });
});

describe('a server whose data is older than what it had told us', () => {
  const RESTORED = { lists: [list('40', [pod('a')]), list('7', [pod('b')])], probe: list('6', []) };

  test('is found out when the connection broke, and listed anew', async () => {
    api.script({ ...RESTORED, watches: [silence] });
    await start();
    api.breakAll();
    await passUntil('the restored state', 100, () => pods()[0] === 'b');
    expect(pods()).toEqual(['b']);
    expect(troubles).toContain('the server is at resourceVersion 6 and had told us of 40: restored from a backup?');
    await passUntil('a watch from there', 100, () => requests(true).at(-1)?.query.get('resourceVersion') === '7');
  });

  test('is found out when a watch ended that had nothing to say', async () => {
    api.script({
      ...RESTORED,
      watches: [(response, request) => clock.after(MINUTE, () => closingWatch()(response, request))],
    });
    await start({ timing: { stable: 0 } });
    await passUntil('the restored state', SECOND, () => pods()[0] === 'b');
    expect(troubles[0]).toMatch(/restored from a backup/);
  });

  test('is found out when a watch goes back', async () => {
    api.script({ lists: RESTORED.lists, watches: [watch(bookmark('41'), bookmark('12')), silence] });
    await start();
    await passUntil('the restored state', 100, () => pods()[0] === 'b');
    expect(troubles[0]).toMatch(/is at resourceVersion 12 and had told us of 41/);
  });

  test('is not asked how far it got where a watch that spoke ended in order', async () => {
    api.script({ watches: [closingWatch(bookmark('50')), silence] });
    await start({ timing: { stable: 0 } });
    await passUntil('the second watch', 100, () => requests(true).length === 2);
    expect(requests(true)[1]?.query.get('resourceVersion')).toBe('50');
    expect(api.requests.filter(({ isProbe, isWatch, kind }) => kind === 'pods' && isProbe && !isWatch)).toEqual([]);
  });

  test('is listed anew after an outage of minutes: it may have grown past our version since', async () => {
    api.script({ lists: RESTORED.lists, watches: [silence] });
    let away = false;
    await start({
      connect: () => (away ? Promise.reject(new Error('connect ECONNREFUSED')) : Promise.resolve(api.connection)),
    });
    away = true;
    api.breakAll();
    await passUntil('the trouble', 100, () => troubles.length > 0);
    await passUntil('two minutes', 10 * SECOND, () => clock.now() > 2 * MINUTE + SECOND);
    away = false;
    // Else a watch that is silent for its whole time would be the first to show it.
    expect(await passUntil('the restored state', SECOND, () => pods()[0] === 'b')).toBeLessThan(40 * SECOND);
  });
});

describe('an empty list', () => {
  const EMPTY = list('60', []);

  test('from a server that has just begun is not believed: the state stays, and nothing is told', async () => {
    api.script({ lists: [list('7', [pod('a')]), EMPTY, EMPTY, list('61', [pod('a')])], watches: [gone, silence] });
    await start();
    await passUntil('two empty lists', 100, () => requests(false).length >= 3);
    expect(pods()).toEqual(['a']);
    await passUntil('the full list', 100, () => requests(true).length === 2);
    expect(pods()).toEqual(['a']);
    expect(told()).toEqual([]);
    expect(troubles).toContain('/api/v1/pods: suddenly nothing is left; believed once the server has said so for 30 s');
  });

  test('is believed when the server stays with it', async () => {
    api.script({ lists: [list('7', [pod('a')]), EMPTY], watches: [gone, silence] });
    await start();
    const waited = await passUntil('the end of the pod', SECOND, () => pods().length === 0);
    expect(waited).toBeGreaterThanOrEqual(30 * SECOND);
    expect(waited).toBeLessThan(2 * MINUTE);
  });

  test('of policies and pods is normal where none were known', async () => {
    const began = clock.now();
    await start();
    expect(clock.now() - began).toBeLessThan(SECOND);
    expect(source.snapshot().pods.size).toBe(0);
  });

  test('of namespaces is not: every server makes some, so one without is not complete', async () => {
    let complete = false;
    api.namespaces = () => (complete ? [{ metadata: { name: 'default' } }] : []);
    const starting = start();
    await delay(100);
    await clock.pass(5 * SECOND);
    await delay(100);
    expect(source.hasSynced()).toBe(false);
    complete = true;
    await starting;
    expect([...source.snapshot().namespaces.keys()]).toEqual(['default']);
  });
});

describe('nonsense', () => {
  const listOf = (...items: readonly unknown[]): string =>
    JSON.stringify({ metadata: { resourceVersion: '9' }, items });
  const text =
    (body: string): Answer =>
    (response) =>
      response.end(body);

  test.each([
    ['a list without items', '{"metadata":{"resourceVersion":"9"}}', /is not a list of the Kubernetes API/],
    ['a list whose items are none', '{"metadata":{"resourceVersion":"9"},"items":"all"}', /is not a list/],
    ['a list with an item that is no object', listOf(pod('c'), 1), /the list has an item that is no object/],
    ['a list with an item without a name', listOf(pod('c'), { metadata: { uid: 'x' } }), /has no metadata\.name/],
    ['a list of something else', '{"kind":"Status","metadata":{},"status":"Success"}', /is not a list/],
    ['half a list', '{"metadata":{"resourceVersion":"9"},"items":[{"meta', /JSON/],
    ['no JSON', '<html>login</html>', /JSON/],
  ])('%s is not believed: the state stays', async (_, body, trouble) => {
    api.script({ lists: [list('7', [pod('a')]), text(body), list('9', [pod('b')])], watches: [gone, silence] });
    await start();
    await passUntil('the trouble', 10, () => troubles.length > 1);
    expect(troubles[1]).toMatch(trouble);
    expect(pods()).toEqual(['a']);
    await passUntil('the state', 100, () => pods()[0] === 'b');
    expect(told().sort()).toEqual(['uid-a', 'uid-b']);
  });

  test.each([
    ['an event of no known type', { type: 'RENAMED', object: pod('x') }],
    ['an event without a type', pod('x')],
    ['an event whose object has no name', { type: 'MODIFIED', object: { metadata: { uid: 'uid-a' } } }],
    ['an event without an object', { type: 'DELETED' }],
  ])('%s makes it list anew', async (_, event) => {
    api.script({ lists: [list('7', [pod('a')]), list('9', [pod('a'), pod('b')])], watches: [watch(event), silence] });
    await start();
    await passUntil('the second list', 100, () => pods().length === 2);
    expect(told()).toEqual(['uid-b']);
  });
});

describe('too many requests', () => {
  test.each([
    ['seconds', '120'],
    ['a date, whatever our own clock says', 'Mon, 01 Jan 2001 00:02:00 GMT'],
  ])('with Retry-After in %s is left alone so long', async (_, value) => {
    const headers = { Date: 'Mon, 01 Jan 2001 00:00:00 GMT', 'Retry-After': value };
    api.script({ watches: [refusal(429, 'too many', headers), watch(added('a', '5'))] });
    await start();
    const waited = await passUntil('the next watch', SECOND, () => pods().length === 1);
    expect(waited).toBeGreaterThanOrEqual(2 * MINUTE);
    expect(waited).toBeLessThan(3 * MINUTE);
  });
});

describe('a token that was replaced', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'portcullis-token-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test.each([401, 403])('is read anew when the old one is answered with %i', async (code) => {
    const token = path.join(folder, 'token');
    const kubeconfig = path.join(folder, 'kubeconfig');
    await writeFile(token, 'old');
    await writeFile(
      kubeconfig,
      JSON.stringify({
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
        clusters: [{ name: 'c', cluster: { server: api.connection.server } }],
        users: [{ name: 'c', user: { tokenFile: token } }],
      }),
    );
    api.script({
      watches: [
        (response, request) => {
          const isNew = request.authorization === 'Bearer new';
          (isNew ? watch(added('a', '5')) : refusal(code, 'who?'))(response, request);
        },
      ],
    });
    const starting = start({ connect: () => connectByKubeconfig(kubeconfig) });
    await starting;
    await writeFile(token, 'new');
    // The client reads the file again every minute of the wall clock, which does not pass here.
    await passUntil('the new token', 100, () => pods().length === 1);
  });
});
