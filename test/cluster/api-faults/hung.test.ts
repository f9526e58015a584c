import { describe, expect, test } from '@jest/globals';
import { silence, watch } from '../../support/apiserver/fake-api.ts';
import { api, bookmark, podStatus, requests, troubles } from '../api-source/source-bench.ts';
import { clock, MINUTE, passUntil, SECOND, start } from './faults-bench.ts';

const questions = (): number => api.requests.filter(({ kind }) => kind === 'ping').length;

describe('an API server that accepts connections and never answers', () => {
  test.each([
    ['a watch that has sent a bookmark', watch(bookmark('5'))],
    ['a watch that never sent anything', silence],
  ])('the source reports the hung server within two minutes by %s', async (_, answer) => {
    api.script({ watches: [answer] });
    await start();
    api.hang();
    expect(await passUntil('the trouble', SECOND, () => troubles.length > 0)).toBeLessThan(2 * MINUTE);
    expect(troubles[0]).toMatch(
      /^nothing heard for \d+ s, and the API server answers no question; the connection is taken for dead$/,
    );
    expect(podStatus()).toMatchObject({ trouble: troubles[0], synced: true, errors: { silence: 1 } });
    api.wake();
    await passUntil('recovery', SECOND, () => podStatus()?.trouble === undefined);
  });

  test('the source reports the hung server within two minutes after its connection broke', async () => {
    await start();
    api.breakAll();
    api.hang();
    await passUntil('the broken connection', 10, () => troubles.length > 0);
    const told = (): boolean => troubles.some((trouble) => trouble.startsWith('nothing heard for'));
    expect(await passUntil('the trouble', SECOND, told)).toBeLessThan(2 * MINUTE);
  });

  test('a silent watch of a server that answers stays open', async () => {
    await start();
    const before = requests(true).length;
    await passUntil('four questions of each kind', SECOND, () => questions() >= 12);
    expect(requests(true)).toHaveLength(before);
    expect(troubles).toEqual([]);
  });

  test('the source asks nothing while a watch brings bookmarks', async () => {
    api.script({
      watches: [
        (response, request) => {
          silence(response, request);
          const beat = (): void => {
            response.write(`${JSON.stringify(bookmark('5'))}\n`);
            clock.after(70 * SECOND, beat);
          };
          beat();
        },
      ],
    });
    await start();
    const end = clock.now() + 4 * MINUTE;
    await passUntil('four minutes', SECOND, () => clock.now() >= end);
    // Of the two other kinds, whose watches are quiet, up to three each.
    expect(questions()).toBeGreaterThan(0);
    expect(questions()).toBeLessThanOrEqual(6);
  });
});
