import { describe, expect, test } from '@jest/globals';
import { list, refusal, silence } from '../../support/apiserver/fake-api.ts';
import { api, pod, pods, podStatus, requests, start, troubles, until } from './source-bench.ts';

describe('a list that hangs', () => {
  test('a list without an answer is abandoned and tried again', async () => {
    api.script({ lists: [() => undefined, list('1', [])] });
    const { hasSynced } = start({ timing: { listSilence: 50 } });
    await until('the list', hasSynced);
    expect(troubles).toEqual(['nothing heard for 0.05 s; the connection is taken for dead']);
  });

  test('a list that hangs in the middle of its answer is abandoned and tried again', async () => {
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
  ])('a refusal with %i is reported, and the request is repeated', async (code, message) => {
    api.script({ lists: [refusal(code, 'no'), refusal(code, 'no'), list('1', [])] });
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(troubles).toHaveLength(2);
    expect(troubles[0]).toMatch(message);
    expect(podStatus()).toMatchObject({ trouble: undefined, restarts: 2 });
  });

  test('a refusal with 401 leads to a new request with credentials read again; the state stays', async () => {
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

  test('the source waits as long as a refusal with 429 asks', async () => {
    api.script({ lists: [refusal(429, 'too many', { 'Retry-After': '1' }), list('1', [])] });
    const began = performance.now();
    const { hasSynced } = start();
    await until('the list', hasSynced);
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(troubles).toEqual(['429 Too Many Requests: too many']);
  });

  test('the source waits up to the limit after an endless Retry-After', async () => {
    api.script({ lists: [refusal(429, 'too many', { 'Retry-After': '999999' }), list('1', [])] });
    const { hasSynced } = start({ timing: { retryAfterLimit: 100 } });
    await until('the list', hasSynced);
  });

  test('the source waits longer after each refusal', async () => {
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

test('a connection that cannot be made is trouble of all kinds, and is tried again', async () => {
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

test('stop ends everything, including waits for a retry', async () => {
  api.script({ lists: [refusal(500, 'no')] });
  const { stop } = start({ timing: { backoffFirst: 60_000, backoffLimit: 60_000 } });
  await until('trouble', () => troubles.length === 1);
  await stop();
  const asked = api.requests.length;
  expect(requests(false)).toHaveLength(1);
  expect(api.requests).toHaveLength(asked);
});
