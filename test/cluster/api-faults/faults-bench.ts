import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach } from '@jest/globals';
import type { ApiSourceDeps } from '../../../src/cluster/api-source.ts';
import { createDrivenClock, type DrivenClock } from '../../reconcile/driven-clock.ts';
import { refusal } from '../../support/apiserver/fake-api.ts';
import { changes, event, pod, pods, requests, source, startPatiently, troubles } from '../api-source/source-bench.ts';

/** The source with a failing API server, a clock that the test drives and the real waits. */
export let clock: DrivenClock;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

beforeEach(() => {
  clock = createDrivenClock();
});

export const added = (name: string, resourceVersion: string): object => event('ADDED', pod(name, { resourceVersion }));
export const gone = refusal(410, 'too old resource version');

/** The pods that were reported since the start. */
export const told = (): string[] => changes.filter(({ kind }) => kind === 'pods').map(({ key }) => key);

/**
 * Lets time pass in steps, with a moment for the sockets after each, until the condition is true. @returns the time
 * that passed, in ms
 */
export const passUntil = async (what: string, stepMs: number, holds: () => boolean): Promise<number> => {
  const began = clock.now();
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new Error(`${what}: ${JSON.stringify({ status: source?.status(), pods: pods(), troubles })}`);
    }
    await clock.pass(stepMs);
    await delay(5);
  }
  return clock.now() - began;
};

/** Starts it and waits until it watches. */
export const start = async (settings: Partial<ApiSourceDeps> = {}): Promise<void> => {
  const { hasSynced } = startPatiently({ clock, ...settings });
  await passUntil('the first list', 100, hasSynced);
  await passUntil('the first watch', 0, () => requests(true).length > 0);
  changes.length = 0;
};
