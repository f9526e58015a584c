import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Answer, list, refusal } from '../../support/apiserver/fake-api.ts';
import { api, pod, pods, requests, source, start, troubles, until, untilWatching } from './source-bench.ts';

describe('the first list', () => {
  test('the first list comes in pages, and no object is known before the last one is in', async () => {
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

  test('a first list whose pages expire is fetched in one piece', async () => {
    api.script({ lists: [list('7', [pod('a')], 'old'), refusal(410, 'expired'), list('9', [pod('b')])] });
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(pods()).toEqual(['b']);
    expect(requests(false).at(-1)?.query.get('limit')).toBeNull();
    expect(troubles).toEqual([]);
  });

  test('a first list whose pages are too large comes in smaller ones', async () => {
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

  describe('packed for the way', () => {
    const packed =
      (bytes: (whole: Buffer) => Buffer): Answer =>
      (response) => {
        const whole = gzipSync(JSON.stringify({ metadata: { resourceVersion: '7' }, items: [pod('a')] }));
        response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bytes(whole));
      };

    test('a compressed first list is decompressed', async () => {
      api.script({ lists: [packed((whole) => whole)] });
      const { hasSynced } = start();
      await until('the list', hasSynced);
      expect(pods()).toEqual(['a']);
      expect(troubles).toEqual([]);
    });

    test.each<[string, (whole: Buffer) => Buffer]>([
      ['is cut off', (whole) => whole.subarray(0, -12)],
      ['is something else', () => Buffer.from('<html>')],
    ])('a compressed list that %s is an error', async (_, bytes) => {
      api.script({ lists: [packed(bytes), list('8', [pod('b')])] });
      const { hasSynced } = start();
      await until('the list', hasSynced);
      expect(troubles).toHaveLength(1);
      expect(pods()).toEqual(['b']);
    });
  });

  describe('a first list that may be older than the present', () => {
    const yes = (): Promise<boolean> => Promise.resolve(true);
    const no = (): Promise<boolean> => Promise.resolve(false);
    const beginning = { seemsBlank: yes, isBlank: yes };
    const asked = (kind: string): (string | null)[][] =>
      api.requests
        .filter((request) => request.kind === kind && !request.isWatch)
        .map(({ query }) => [query.get('resourceVersion'), query.get('limit')]);

    test('the first list of pods comes from the API server’s memory in one piece; other lists are the newest', async () => {
      api.script({ lists: [list('7', [pod('a')])] });
      const { hasSynced } = start({ beginning });
      await until('the list', hasSynced);
      expect(pods()).toEqual(['a']);
      expect([asked('pods'), asked('networkpolicies')]).toEqual([[['0', null]], [[null, '500']]]);
      await untilWatching('7');
    });

    test('only the first list may be older: after a failure the newest is requested', async () => {
      api.script({ lists: [refusal(429, 'not yet'), list('7', [pod('a')])] });
      const { hasSynced } = start({ beginning });
      await until('the list', hasSynced);
      expect(asked('pods')).toEqual([
        ['0', null],
        [null, '500'],
      ]);
    });

    test('a first list that may be older is requested before that is certain, and counts once it is', async () => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      api.script({ lists: [list('7', [pod('a')])] });
      const { hasSynced, status: statusOf } = start({ beginning: { seemsBlank: yes, isBlank: () => promise } });
      await until('the question', () => asked('pods').length > 0);
      await until('the other kinds', () => statusOf().namespaces.synced && statusOf().networkpolicies.synced);
      expect(pods()).toEqual([]);
      expect(hasSynced()).toBe(false);
      resolve(true);
      await until('the list', hasSynced);
      expect(pods()).toEqual(['a']);
      expect(asked('pods')).toEqual([['0', null]]);
    });

    test('the newest list is requested if it turns out that the first may not be older', async () => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      api.script({ lists: [list('7', [pod('old')]), list('8', [pod('new')])] });
      const { hasSynced } = start({ beginning: { seemsBlank: yes, isBlank: () => promise } });
      await until('the question', () => asked('pods').length > 0);
      resolve(false);
      await until('the list', hasSynced);
      expect(pods()).toEqual(['new']);
      expect(troubles).toEqual([]);
      expect(asked('pods').at(-1)).toEqual([null, '500']);
      await untilWatching('8');
    });

    test('the newest list is requested at once if the first list probably may not be older', async () => {
      api.script({ lists: [list('7', [pod('a')])] });
      const { hasSynced } = start({ beginning: { seemsBlank: no, isBlank: yes } });
      await until('the list', hasSynced);
      expect(asked('pods')).toEqual([[null, '500']]);
    });
  });

  test('hasSynced waits for all three kinds', async () => {
    api.script({ lists: [refusal(500, 'no')] });
    const { hasSynced, status: statusOf } = start();
    await until('the other kinds', () => statusOf().namespaces.synced && statusOf().networkpolicies.synced);
    expect(hasSynced()).toBe(false);
  });

  test('an answer that is not from an API server is an error', async () => {
    api.script({
      lists: [(response) => response.end('<html>login</html>'), (response) => response.end('{}'), list('1', [])],
    });
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(troubles[0]).toMatch(/JSON/);
    expect(troubles[1]).toBe('/api/v1/pods: the answer is not a list of the Kubernetes API');
  });
});
