import type { ChildProcess } from 'node:child_process';
import { describeRunning, runningAtEnd, type TestEvent } from '../../test/runner/progress.ts';

/** The end of jest. */
export interface RunEnd {
  /** Its exit code; 1 if a signal ended it early. */
  readonly code: number;
  /** Why it did not end well by itself, for people. */
  readonly reason?: string;
}

export interface Supervision {
  /** Returns all events so far. */
  readonly events: () => readonly TestEvent[];
  /** Maximum time without an event. */
  readonly stallMs: number;
}

const POLL_MS = 200;
/** After the last test, jest must end by itself within this time. */
const LINGER_MS = 5_000;

const endOf = (child: ChildProcess): Promise<number | NodeJS.Signals> =>
  new Promise((resolve) => {
    child.once('error', () => resolve(1));
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 1));
  });

/**
 * Waits for the end of jest. Ends it by SIGKILL if it makes no progress (a test may block the process, so that jest
 * itself cannot end it), or if it does not end after its last test because a test left something open.
 */
export const superviseRun = async (jest: ChildProcess, { events, stallMs }: Supervision): Promise<RunEnd> => {
  let known = -1;
  let since = performance.now();
  let reason: string | undefined;
  let done = false;

  const look = (): void => {
    const all = events();
    if (all.length !== known) {
      known = all.length;
      since = performance.now();
    }
    done = all.at(-1)?.kind === 'run ends';
    const quietMs = performance.now() - since;
    if (quietMs < (done ? LINGER_MS : stallMs)) return;
    const seconds = Math.round(quietMs / 1000);
    reason ??= done
      ? `jest did not end within ${seconds} s after the last test, and was ended: a test left a socket or a timer open`
      : `no progress for ${seconds} s while ${describeRunning(runningAtEnd(all))}; jest was ended`;
    jest.kill('SIGKILL');
  };

  const timer = setInterval(look, POLL_MS);
  const end = await endOf(jest);
  clearInterval(timer);
  const all = events();
  if (all.at(-1)?.kind === 'run ends') {
    // The record has what failed.
    return { code: typeof end === 'number' ? end : 0, ...(reason === undefined ? {} : { reason }) };
  }
  reason ??= `jest ended (${end}) while ${describeRunning(runningAtEnd(all))}`;
  return { code: typeof end === 'number' && end !== 0 ? end : 1, reason };
};
