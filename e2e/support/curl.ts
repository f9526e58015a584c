import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../src/kernel/command.ts';
import { urlHost } from '../cluster/plan.ts';
import { kubectl } from './kubectl.ts';
import type { PodRef } from './objects.ts';

/** How a connection ended; anything else than an answer or silence is curl's exit code. */
export type CurlEnd = 'answers' | 'times out' | `curl: exit ${number}`;

/** curl(1): operation timeout. */
const CURL_TIMEOUT = 28;

/** A denied connection is dropped, not refused; two seconds are enough to tell. */
const PATIENCE_SECONDS = '2';

/** A change of policy is in force within milliseconds of the API server's word; a loaded machine gets more. */
const SETTLE_MS = 15_000;
const PAUSE_MS = 200;

/** How often silence must repeat itself before it counts as denial. */
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

/** @throws Error where the address does not answer within some seconds */
export const expectAnswer = (from: PodRef, address: string): Promise<void> => curlUntil(from, address, 'answers');

/** @throws Error where connections are not dropped within some seconds, or not dropped for good */
export const expectDenied = async (from: PodRef, address: string): Promise<void> => {
  for (let times = 0; times < DENIED_TIMES; times += 1) {
    if (times === 0) await curlUntil(from, address, 'times out');
    else if ((await curl(from, address)) !== 'times out')
      throw new Error(`${from.namespace}/${from.name} → ${address}: denied once, then not`);
  }
};
