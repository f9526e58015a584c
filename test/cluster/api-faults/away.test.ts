import { describe, expect, test } from '@jest/globals';
import { list } from '../../support/apiserver/fake-api.ts';
import { api, pod, pods, troubles } from '../api-source/source-bench.ts';
import { clock, MINUTE, passUntil, SECOND, start, told } from './faults-bench.ts';

const HOUR = 60 * MINUTE;

describe('an API server that is away for six hours', () => {
  test('the source keeps trying an absent API server, not too often; the state stays; it learns changes when the server is back', async () => {
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
