import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/message-of.ts';
import { printable } from '../model/printable.ts';
import type { Health } from './health.ts';

/** Interval of checks of the agent's state. */
const LOOK_MS = 1_000;
/** Interval of writes if nothing changes. */
const RENEW_MS = 5_000;
/** How long `ready` counts after the last write: an agent that no longer writes is not ready. */
const READY_FOR_MS = 20_000;
/** After this time an agent that is not ready counts as started all the same, so that other probes judge it. */
const STARTED_AFTER_MS = 30_000;
/** Maximum characters of a reason. */
const MAX_REASON = 300;

export interface HealthFileDeps {
  readonly file: string;
  readonly health: () => Health;
  readonly ready: () => Health;
  /** Returns how long, in ms, the agent stays healthy if nothing happens any more. */
  readonly healthyForMs: () => number;
  /** Returns the time since the node booted (/proc/uptime), in ms. */
  readonly uptimeMs: () => number;
  readonly clock: Clock;
  /** Called once when the file cannot be written, and with undefined when it can again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** A file with the agent's state, for `bin/portcullis-probe`. */
export interface HealthFile {
  /** Writes changes at once. */
  refresh(): void;
  /** Stops writing and removes the file. */
  stop(): Promise<void>;
}

/**
 * Writes a line each for `live`, `ready` and `started`: the name, `ok` or `no`, the second of the node's uptime up to
 * which an `ok` counts, and the reason. A process that hangs writes nothing, so its `ok` expires. The file is replaced
 * atomically, once a second after changes and every 5 s without.
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
