import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../src/kernel/command.ts';
import { urlHost } from '../cluster/plan.ts';
import { kubectl } from './kubectl.ts';
import type { PodRef } from './objects.ts';

/** The end of a connection: an answer, silence, or curl's exit code for anything else. */
export type CurlEnd = 'answers' | 'times out' | `curl: exit ${number}`;

/** curl(1): operation timeout. */
const CURL_TIMEOUT = 28;

/** Maximum wait: a denied connection is dropped, not refused, and two seconds are enough to notice. */
const PATIENCE_SECONDS = '2';

/** Maximum time until a change of policy is in force: milliseconds after the API server's answer, more on a busy machine. */
const SETTLE_MS = 15_000;
const PAUSE_MS = 200;

/** A connection counts as denied after this many timeouts in a row. */
const DENIED_TIMES = 2;

export const url = (host: string, port: number, path = '/'): string => `http://${urlHost(host)}:${port}${path}`;

/** Runs curl in a pod, once. */
export const curl = async (from: PodRef, address: string): Promise<CurlEnd> => {
  const limits = ['--connect-timeout', PATIENCE_SECONDS, '--max-time', PATIENCE_SECONDS];
  try {
    await kubectl([
      ...['-n', from.namespace, 'exec', from.name, '--'],
      ...['curl', '--globoff', '--silent', '--output', '/dev/null', ...limits, address],
    ]);
    return 'answers';
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
    return error.exitCode === CURL_TIMEOUT ? 'times out' : `curl: exit ${error.exitCode}`;
  }
};

const curlUntil = async (from: PodRef, address: string, wanted: CurlEnd): Promise<void> => {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const end = await curl(from, address);
    if (end === wanted) return;
    if (performance.now() > deadline)
      throw new Error(`${from.namespace}/${from.name} → ${address}: ${end}, but it should be: ${wanted}`);
    await delay(PAUSE_MS);
  }
};

/** @throws Error if the address does not answer within some seconds */
export const expectAnswer = (from: PodRef, address: string): Promise<void> => curlUntil(from, address, 'answers');

/** @throws Error if connections are not dropped within some seconds, or not permanently */
export const expectDenied = async (from: PodRef, address: string): Promise<void> => {
  for (let times = 0; times < DENIED_TIMES; times += 1) {
    if (times === 0) await curlUntil(from, address, 'times out');
    else if ((await curl(from, address)) !== 'times out')
      throw new Error(`${from.namespace}/${from.name} → ${address}: denied once, then not`);
  }
};
