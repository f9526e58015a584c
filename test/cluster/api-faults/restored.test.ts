import { describe, expect, test } from '@jest/globals';
import { closingWatch, list, silence, watch } from '../../support/apiserver/fake-api.ts';
import { api, bookmark, pod, pods, requests, troubles } from '../api-source/source-bench.ts';
import { clock, MINUTE, passUntil, SECOND, start } from './faults-bench.ts';

describe('a server whose data is older than what it had told us', () => {
  const RESTORED = { lists: [list('40', [pod('a')]), list('7', [pod('b')])], probe: list('6', []) };

  test('the source detects older data when the connection broke, and lists again', async () => {
    api.script({ ...RESTORED, watches: [silence] });
    await start();
    api.breakAll();
    await passUntil('the restored state', 100, () => pods()[0] === 'b');
    expect(pods()).toEqual(['b']);
    expect(troubles).toContain('the server is at resourceVersion 6 and had told us of 40: restored from a backup?');
    await passUntil('a watch from there', 100, () => requests(true).at(-1)?.query.get('resourceVersion') === '7');
  });

  test('the source detects older data when a watch ended without events', async () => {
    api.script({
      ...RESTORED,
      watches: [(response, request) => clock.after(MINUTE, () => closingWatch()(response, request))],
    });
    await start({ timing: { stable: 0 } });
    await passUntil('the restored state', SECOND, () => pods()[0] === 'b');
    expect(troubles[0]).toMatch(/restored from a backup/);
  });

  test('the source detects older data when a watch goes back', async () => {
    api.script({ lists: RESTORED.lists, watches: [watch(bookmark('41'), bookmark('12')), silence] });
    await start();
    await passUntil('the restored state', 100, () => pods()[0] === 'b');
    expect(troubles[0]).toMatch(/is at resourceVersion 12 and had told us of 41/);
  });

  test('the source does not check the server’s version when a watch with events ended in order', async () => {
    api.script({ watches: [closingWatch(bookmark('50')), silence] });
    await start({ timing: { stable: 0 } });
    await passUntil('the second watch', 100, () => requests(true).length === 2);
    expect(requests(true)[1]?.query.get('resourceVersion')).toBe('50');
    expect(api.requests.filter(({ isProbe, isWatch, kind }) => kind === 'pods' && isProbe && !isWatch)).toEqual([]);
  });

  test('the source lists again after an outage of minutes, since a restored server may have passed our version', async () => {
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
    // Otherwise a watch that is silent for its whole time would be the first to show it.
    expect(await passUntil('the restored state', SECOND, () => pods()[0] === 'b')).toBeLessThan(40 * SECOND);
  });
});
