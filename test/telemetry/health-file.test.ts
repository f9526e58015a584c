import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, uptime } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import type { Health } from '../../src/telemetry/health.ts';
import { followHealth, type HealthFile, type HealthFileDeps } from '../../src/telemetry/health-file.ts';
import { createDrivenClock, type DrivenClock } from '../reconcile/driven-clock.ts';
import { waitFor } from '../support/wait-for.ts';

const PROBE = path.join(import.meta.dirname, '../../bin/portcullis-probe');
const OK: Health = { ok: true, reason: 'ok' };
const no = (reason: string): Health => ({ ok: false, reason });

let folder: string;
let file: string;
let clock: DrivenClock;
let live: Health;
let ready: Health;
let healthyForMs: number;
let troubles: (string | undefined)[];
let kept: HealthFile | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-health-'));
  file = path.join(folder, 'made/state');
  clock = createDrivenClock();
  [live, ready, healthyForMs] = [OK, no('policy is not in force yet'), 120_000];
  troubles = [];
});

afterEach(async () => {
  await kept?.stop();
  kept = undefined;
  await rm(folder, { recursive: true, force: true });
});

const follow = (deps: Partial<HealthFileDeps> = {}): HealthFile =>
  (kept = followHealth({
    file,
    health: () => live,
    ready: () => ready,
    healthyForMs: () => healthyForMs,
    uptimeMs: () => uptime() * 1000,
    clock,
    onTrouble: (trouble) => troubles.push(trouble),
    ...deps,
  }));

/** Returns exit code and output of the probe. */
const probe = (word: string, of = file): Promise<string> =>
  createCommandRunner()
    .run(PROBE, [word, of])
    .then(
      (text) => `0 ${text.trim()}`,
      (error: unknown) => {
        const { exitCode = '', message } = error as CommandError;
        return `${exitCode} ${message.includes('usage') ? 'usage' : ''}`.trim();
      },
    );

const untilFile = (pattern: RegExp): Promise<string> =>
  waitFor('the file', 10_000, async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return pattern.test(text) ? text : undefined;
  });

describe('health file', () => {
  test('the health file shows the state at once, and changes after a second', async () => {
    follow();
    await untilFile(/^live ok \d+ ok\nready no \d+ policy is not in force yet\nstarted no /);
    expect(await probe('live')).toBe('0 ok');
    expect(await probe('ready')).toBe('1');
    expect(await probe('started')).toBe('1');
    ready = OK;
    await clock.pass(1_000);
    await untilFile(/^live ok \d+ ok\nready ok \d+ ok\nstarted ok /);
    expect(await probe('ready')).toBe('0 ok');
    live = no('the loop has not come round for 121 s');
    await clock.pass(1_000);
    await untilFile(/^live no \d+ the loop has not come round for 121 s\n/);
    expect(await probe('live')).toBe('1');
  });

  test('the health file shows an agent as started that is not ready after 30 s, so that other probes judge it', async () => {
    follow();
    await clock.pass(29_000);
    await untilFile(/started no /);
    // A look during a write waits for the next one.
    await waitFor('the agent to count as started', 10_000, async () => {
      await clock.pass(1_000);
      return /ready no [\s\S]*started ok /.test(await readFile(file, 'utf8')) || undefined;
    });
  });

  test('the health file ages if nothing writes it: an agent that hangs is neither ready nor live', async () => {
    ready = OK;
    healthyForMs = -5_000;
    follow({ uptimeMs: () => (uptime() - 60) * 1000 });
    await untilFile(/^live ok /);
    expect(await probe('live')).toBe('1');
    expect(await probe('ready')).toBe('1');
  });

  test('the health file has one line for each probe, whatever a reason contains', async () => {
    live = no('first\nlive ok 99999999999 ok');
    follow();
    expect(await untilFile(/^live no /)).toMatch(/^live no \d+ first\\u\{a\}live ok/);
    expect(await probe('live')).toBe('1');
  });

  test('a health file that cannot be written is reported once, and again after a success', async () => {
    await writeFile(path.join(folder, 'made'), 'a file where the folder should be');
    follow();
    await waitFor('the trouble', 10_000, () => Promise.resolve(troubles[0]));
    await clock.pass(3_000);
    await rm(path.join(folder, 'made'));
    await clock.pass(1_000);
    await waitFor('the end of it', 10_000, () => Promise.resolve(troubles.includes(undefined) || undefined));
    expect(troubles).toHaveLength(2);
  });

  test('an agent that stops removes its health file', async () => {
    follow();
    await untilFile(/^live ok /);
    await kept?.stop();
    expect(await probe('live')).toBe('1');
  });
});

describe('probe verb', () => {
  test.each([
    ['nothing', ''],
    ['another word', 'other ok 99999999999 ok\n'],
    ['no time', 'live ok\n'],
    ['junk for a time', 'live ok 12x ok\n'],
    ['a time before now', 'live ok 1 ok\n'],
  ])('the probe takes a health file with %s for an unhealthy agent', async (_, text) => {
    const given = path.join(folder, 'given');
    await writeFile(given, text);
    expect(await probe('live', given)).toBe('1');
  });

  test('the probe knows three names', async () => {
    expect(await probe('well')).toBe('2 usage');
  });
});
