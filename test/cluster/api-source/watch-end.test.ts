import { describe, expect, test } from '@jest/globals';
import { closingWatch, list, refusal, silence, watch } from '../../support/apiserver/fake-api.ts';
import {
  api,
  bookmark,
  changes,
  event,
  pod,
  pods,
  podStatus,
  requests,
  start,
  status,
  troubles,
  until,
  untilWatching,
} from './source-bench.ts';

describe('a watch that ends', () => {
  test('a watch that ends in order resumes where it was, without a list and without trouble', async () => {
    api.script({ watches: [closingWatch(event('ADDED', pod('a', { resourceVersion: '5' })), bookmark('8')), silence] });
    start();
    await untilWatching('8');
    expect(pods()).toEqual(['a']);
    expect(requests(false)).toHaveLength(1);
    expect(podStatus()).toMatchObject({ trouble: undefined, restarts: 0 });
  });

  test('a watch that always ends at once is trouble, since changes in between would be missed', async () => {
    api.script({ watches: [closingWatch()] });
    start({ timing: { stable: 10_000 } });
    await until('trouble', () => troubles.length >= 2);
    expect(troubles[0]).toBe('the server closes the watch at once');
    expect(requests(false)).toHaveLength(1);
  });

  test('a watch with a broken connection resumes where it was', async () => {
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

  test('a watch that ends in the middle of a line loses nothing', async () => {
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
  ])(
    'a watch that ends with 410 Gone %s is followed by a list; only real differences are reported',
    async (_, gone) => {
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
    },
  );

  test('a watch that ends with another error event resumes where it was', async () => {
    api.script({ lists: [list('4', [])], watches: [watch(status(500, 'etcd is away')), silence] });
    start();
    await until('the second watch', () => requests(true).length === 2);
    expect(requests(true)[1]?.query.get('resourceVersion')).toBe('4');
    expect(requests(false)).toHaveLength(1);
    expect(troubles).toEqual(['500 Internal Server Error: etcd is away']);
  });

  test('a silent watch is followed by a list, since the version may be from before a restore', async () => {
    api.script({ lists: [list('40', [pod('a')]), list('7', [pod('b')])], watches: [watch(bookmark('41')), silence] });
    start({ timing: { watchSilence: 60 } });
    await until('the second list', () => pods()[0] === 'b');
    expect(troubles[0]).toBe('nothing heard for 0.06 s; the connection is taken for dead');
    await untilWatching('7');
  });

  test('a watch that never sent an event is taken for dead after its timeout', async () => {
    start({ timing: { watchSeconds: [1, 1], watchOverrun: 50 } });
    await until('the second list', () => requests(false).length === 2);
    expect(troubles[0]).toBe('nothing heard for 1.05 s; the connection is taken for dead');
  });

  test('a watch that never sent an event may stay silent: a quiet cluster sends no bookmarks', async () => {
    start({ timing: { watchSilence: 20 } });
    await untilWatching('1');
    const pause = performance.now() + 500;
    await until('a while', () => performance.now() > pause);
    expect(troubles).toEqual([]);
  });

  test('a watch with bookmarks is alive', async () => {
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

  test('a watch with invalid JSON is followed by a list', async () => {
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
