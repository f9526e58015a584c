import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { list, silence } from '../../support/apiserver/fake-api.ts';
import { api, pod, pods, requests, source, troubles } from '../api-source/source-bench.ts';
import { clock, gone, MINUTE, passUntil, SECOND, start, told } from './faults-bench.ts';

describe('an empty list', () => {
  const EMPTY = list('60', []);

  test('an empty list from a server that has just started is ignored: the state stays, and no change is reported', async () => {
    api.script({ lists: [list('7', [pod('a')]), EMPTY, EMPTY, list('61', [pod('a')])], watches: [gone, silence] });
    await start();
    await passUntil('two empty lists', 100, () => requests(false).length >= 3);
    expect(pods()).toEqual(['a']);
    await passUntil('the full list', 100, () => requests(true).length === 2);
    expect(pods()).toEqual(['a']);
    expect(source?.status().pods.listedNone).toBe(false);
    expect(told()).toEqual([]);
    expect(troubles).toContain(
      '/api/v1/pods: list is unexpectedly empty; ignoring it until it has been empty for 30 s',
    );
  });

  test('an empty list is accepted if the server keeps returning it', async () => {
    api.script({ lists: [list('7', [pod('a')]), EMPTY], watches: [gone, silence] });
    await start();
    const waited = await passUntil('the end of the pod', SECOND, () => pods().length === 0);
    expect(waited).toBeGreaterThanOrEqual(30 * SECOND);
    expect(waited).toBeLessThan(2 * MINUTE);
    expect(source?.status().pods.listedNone).toBe(true);
  });

  test('an empty list of policies or pods is normal if none were known', async () => {
    const began = clock.now();
    await start();
    expect(clock.now() - began).toBeLessThan(SECOND);
    expect(source?.snapshot().pods.size).toBe(0);
  });

  test('an empty list of namespaces is incomplete, since every server creates some', async () => {
    let complete = false;
    api.namespaces = () => (complete ? [{ metadata: { name: 'default' } }] : []);
    const starting = start();
    await delay(100);
    await clock.pass(5 * SECOND);
    await delay(100);
    expect(source?.hasSynced()).toBe(false);
    complete = true;
    await starting;
    expect([...(source?.snapshot().namespaces.keys() ?? [])]).toEqual(['default']);
  });
});
