import { describe, expect, test } from '@jest/globals';
import { type Access, createTokenAccess } from '../../src/telemetry/access.ts';
import type { Decision } from '../../src/telemetry/access/decisions.ts';

interface Desk {
  readonly access: Access;
  /** The reviews, as `TOKEN PATH`. */
  readonly asked: readonly string[];
  readonly troubles: readonly (string | undefined)[];
  pass(ms: number): void;
  /** The answer from now on; an Error is thrown. */
  answer(next: (token: string) => Decision | Error | Promise<Decision>): void;
}

const DECISIONS: Readonly<Record<string, Decision>> = { reader: 'allowed', stranger: 'forbidden' };

const openDesk = (): Desk => {
  let now = 0;
  let decide: (token: string) => Decision | Error | Promise<Decision> = (token) =>
    DECISIONS[token] ?? 'unauthenticated';
  const asked: string[] = [];
  const troubles: (string | undefined)[] = [];
  const access = createTokenAccess({
    async review(token, path) {
      asked.push(`${token} ${path}`);
      const decision = await decide(token);
      if (decision instanceof Error) throw decision;
      return decision;
    },
    now: () => now,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  return {
    access,
    asked,
    troubles,
    pass(ms) {
      now += ms;
    },
    answer(next) {
      decide = next;
    },
  };
};

const admit = async ({ access }: Desk, token: string, path = '/metrics'): Promise<number> => {
  const admission = await access.admit({ authorization: `Bearer ${token}` }, path);
  return admission.admitted ? 200 : admission.status;
};

describe('tokens for metrics', () => {
  test('a token is reviewed for the requested path', async () => {
    const desk = openDesk();
    expect(await admit(desk, 'reader')).toBe(200);
    expect(await admit(desk, 'reader', '/status')).toBe(200);
    expect(await admit(desk, 'stranger')).toBe(403);
    expect(await admit(desk, 'made-up')).toBe(401);
    expect(desk.asked).toEqual(['reader /metrics', 'reader /status', 'stranger /metrics', 'made-up /metrics']);
  });

  test('a reviewed token is not reviewed again for a minute if it was accepted, for ten seconds otherwise', async () => {
    const desk = openDesk();
    for (const token of ['reader', 'stranger', 'made-up']) await admit(desk, token);
    desk.answer(() => 'allowed');
    desk.pass(9_999);
    expect([await admit(desk, 'reader'), await admit(desk, 'stranger'), await admit(desk, 'made-up')]).toEqual([
      200, 403, 401,
    ]);
    expect(desk.asked).toHaveLength(3);
    desk.answer(() => 'unauthenticated');
    desk.pass(50_000);
    expect(await admit(desk, 'reader')).toBe(200);
    desk.pass(1);
    expect(await admit(desk, 'reader')).toBe(401);
  });

  test.each([
    [undefined],
    [''],
    ['reader'],
    ['Basic cmVhZGVyOg=='],
    ['Bearer'],
    ['Bearer two words'],
    ['Bearer ü'],
    [`Bearer ${'x'.repeat(8192)}`],
  ])('a token is needed: %j is none, and no review is made', async (authorization) => {
    const desk = openDesk();
    expect(await desk.access.admit({ authorization }, '/metrics')).toMatchObject({ admitted: false, status: 401 });
    expect(desk.asked).toEqual([]);
  });

  test('no token is needed for what the kubelet requests', async () => {
    const desk = openDesk();
    for (const path of ['/healthz', '/readyz']) expect(await desk.access.admit({}, path)).toEqual({ admitted: true });
    for (const path of ['/', '/healthz/', '/HEALTHZ', '/metrics', '/status', '/../healthz']) {
      expect(await desk.access.admit({}, path)).toMatchObject({ admitted: false, status: 401 });
    }
  });
});

describe('access while the API server does not answer', () => {
  test('without the API server new tokens are denied, known ones work for a while, and it is reported once', async () => {
    const desk = openDesk();
    await admit(desk, 'reader');
    desk.answer(() => new Error('connect ECONNREFUSED'));
    expect([await admit(desk, 'other'), await admit(desk, 'other'), await admit(desk, 'reader')]).toEqual([
      503, 503, 200,
    ]);
    expect(desk.troubles).toEqual(['connect ECONNREFUSED']);
    desk.pass(60_000);
    expect(await admit(desk, 'reader')).toBe(503);
    desk.answer(() => 'allowed');
    expect(await admit(desk, 'reader')).toBe(200);
    expect(desk.troubles).toEqual(['connect ECONNREFUSED', undefined]);
  });
});

describe('floods of made-up tokens', () => {
  test('a flood of made-up tokens costs the API server few reviews, and locks out no accepted token', async () => {
    const desk = openDesk();
    await admit(desk, 'reader');
    const answers = new Map<number, number>();
    for (let at = 0; at < 10_000; at += 1) {
      const status = await admit(desk, `made-up-${at}`);
      answers.set(status, (answers.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(answers)).toEqual({ 401: 19, 503: 9_981 });
    expect(desk.asked).toHaveLength(20);
    expect(await admit(desk, 'reader')).toBe(200);
    desk.pass(1_000);
    for (let at = 0; at < 100; at += 1) await admit(desk, `later-${at}`);
    expect(desk.asked).toHaveLength(25);
  });

  test('a flood of made-up tokens waits for few reviews at once', async () => {
    const desk = openDesk();
    desk.answer(() => Promise.withResolvers<Decision>().promise);
    const waiting = [1, 2, 3, 4].map((at) => admit(desk, `slow-${at}`));
    expect(await admit(desk, 'fifth')).toBe(503);
    expect(desk.asked).toHaveLength(4);
    expect(waiting).toHaveLength(4);
  });
});
