import { afterEach, describe, expect, test } from '@jest/globals';
import type { Logger } from '../../src/telemetry/logger.ts';
import { type Serve, serveWhenFree, type Serving } from '../../src/telemetry/serve-when-free.ts';
import { ListenError } from '../../src/telemetry/server.ts';
import { TlsError } from '../../src/telemetry/tls.ts';
import { waitFor } from '../support/wait-for.ts';

const ADDRESS = { host: '127.0.0.1', port: 9577 };
const BUSY = new ListenError('127.0.0.1:9577', Object.assign(new Error('busy'), { code: 'EADDRINUSE' }));
const BROKEN = new TlsError({ cert: 'a.crt', key: 'a.key' }, new Error('no such file'));

let serving: Serving | undefined;
let lines: string[] = [];
let failures = 0;

afterEach(async () => {
  await serving?.close();
});

const start = (outcomes: readonly Error[], isSecond = false): Serving => {
  const left = [...outcomes];
  [lines, failures] = [[], 0];
  const note = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  const log: Logger = { error: note('error'), warn: note('warn'), info: note('info'), debug: note('debug') };
  const serve: Serve = () => {
    const next = left.shift();
    return next === undefined
      ? Promise.resolve({ url: 'http://127.0.0.1:9577', close: () => Promise.resolve() })
      : Promise.reject(next);
  };
  const onFailure = (): void => {
    failures += 1;
  };
  return (serving = serveWhenFree({ address: ADDRESS, serve, log, isSecond: () => isSecond, onFailure }));
};

const untilServing = (): Promise<string> =>
  waitFor('the listener', 10_000, () => Promise.resolve(serving?.status().url));

describe('listeners that are not available at once', () => {
  test.each<[string, readonly Error[]]>([
    ['a port that another process has', [BUSY, BUSY]],
    ['a certificate that is missing', [BROKEN, BROKEN]],
    ['anything else', [new Error('a surprise'), new Error('a surprise')]],
  ])('a listener is tried again after %s, which is reported once and counted', async (_, outcomes) => {
    start(outcomes);
    await untilServing();
    expect(lines).toEqual([
      'error: cannot serve metrics, health and status; policies are still enforced',
      'info: serving metrics, health and status',
    ]);
    expect(failures).toBe(2);
    expect(serving?.status()).toEqual({ url: 'http://127.0.0.1:9577', failures: 2 });
  });

  test('a missing listener has its reason meanwhile', async () => {
    start([BUSY, BUSY, BUSY]);
    const trouble = await waitFor('the trouble', 10_000, () => Promise.resolve(serving?.status().trouble));
    expect(trouble).toContain('another process listens there');
  });

  test('a missing listener is not reported by an agent that waits for another one', async () => {
    start([BUSY], true);
    await untilServing();
    expect(lines).toEqual(['info: serving metrics, health and status']);
  });

  test('a missing listener is not tried again once the agent stops', async () => {
    start(Array.from({ length: 1_000 }, () => BUSY));
    await serving?.close();
    expect(serving?.status().url).toBeUndefined();
  });
});
