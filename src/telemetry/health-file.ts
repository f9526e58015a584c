import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/message-of.ts';
import { printable } from '../model/printable.ts';
import type { Health } from './health.ts';

/** Time between two looks at how the agent is, ms. */
const LOOK_MS = 1_000;
/** Time between two writes where nothing changes, ms. */
const RENEW_MS = 5_000;
/** How long `ready` holds from the last write on: an agent that writes no more is not ready, ms. */
const READY_FOR_MS = 20_000;
/** An agent that is not ready by then counts as started all the same: from then on other probes judge it, ms. */
const STARTED_AFTER_MS = 30_000;
/** A reason is cut at this, characters. */
const MAX_REASON = 300;

export interface HealthFileDeps {
  readonly file: string;
  readonly health: () => Health;
  readonly ready: () => Health;
  /** How long the agent stays healthy if nothing happens any more, ms. */
  readonly healthyForMs: () => number;
  /** Time since the node booted, as /proc/uptime has it, ms. */
  readonly uptimeMs: () => number;
  readonly clock: Clock;
  /** Called when the file cannot be written, once, and with undefined when it can again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** A file that says how the agent is, for `bin/portcullis-probe`. */
export interface HealthFile {
  /** Writes what has changed, at once. */
  refresh(): void;
  /** Ends the writing and removes the file. */
  stop(): Promise<void>;
}

/**
 * Writes a line each for `live`, `ready` and `started`: the word, `ok` or `no`, the second of the node's uptime up to which an `ok`
 * holds, and the reason. A process that hangs writes nothing, and its `ok` ends by itself. The file is replaced in one
 * step, once a second where something changed and every 5 s where nothing did.
 */
export const followHealth = (deps: HealthFileDeps): HealthFile => {
  const { file, health, ready, clock } = deps;
  const beganAt = clock.now();
  let hasStarted = false;
  let written = '';
  let writtenAt = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> | undefined;
  let trouble: string | undefined;
  let stopped = false;
  let cancel = (): void => undefined;

  const line = (word: string, { ok, reason }: Health, forMs: number): string => {
    const until = Math.floor((deps.uptimeMs() + forMs) / 1000);
    return `${word} ${ok ? 'ok' : 'no'} ${until} ${printable(reason).slice(0, MAX_REASON)}\n`;
  };

  const setTrouble = (next: string | undefined): void => {
    if (next !== trouble) deps.onTrouble(next);
    trouble = next;
  };

  const write = async (text: string): Promise<void> => {
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
      setTrouble(undefined);
    } catch (error) {
      writtenAt = Number.NEGATIVE_INFINITY;
      setTrouble(messageOf(error));
    }
  };

  const refresh = (): void => {
    if (stopped || writing !== undefined) return;
    const [live, readiness] = [health(), ready()];
    hasStarted ||= readiness.ok || clock.now() - beganAt >= STARTED_AFTER_MS;
    const started = hasStarted ? { ok: true, reason: 'ok' } : readiness;
    const state = JSON.stringify([live, readiness, started]);
    if (state === written && clock.now() - writtenAt < RENEW_MS) return;
    written = state;
    writtenAt = clock.now();
    const text = [
      line('live', live, deps.healthyForMs()),
      line('ready', readiness, READY_FOR_MS),
      line('started', started, READY_FOR_MS),
    ];
    writing = write(text.join('')).finally(() => {
      writing = undefined;
    });
  };

  const look = (): void => {
    refresh();
    cancel = clock.after(LOOK_MS, look);
  };
  look();

  return {
    refresh,
    async stop() {
      stopped = true;
      cancel();
      await writing;
      await rm(file, { force: true }).catch(() => undefined);
    },
  };
};
