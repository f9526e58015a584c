import { setTimeout as delay } from 'node:timers/promises';
import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { RunningAgent } from '../agent/run-agent.ts';
import { FRIENDS_AND_FOES, FRIENDS_ONLY } from '../stage/cast.ts';
import { type Flow, nowNs } from '../stage/flow.ts';
import type { PolicyWatch } from '../stage/policy-watch.ts';
import type { Grounds } from './flood.ts';
import { HOSTILE_NAMESPACE, type HostileTenant } from './tenants.ts';
import { policyOf } from '../state/policies.ts';

export const PHASES = ['calm', 'coming and going', 'there', 'deleted'] as const;

export type Phase = (typeof PHASES)[number];

/** Measured milliseconds of the other tenant's changes, in the order of the changes. */
export interface Samples {
  /** From the API server's answer until the kernel's verdict changes. */
  readonly inForce: readonly number[];
  /**
   * The part of it until a watch that does nothing received the change: the API server's part, which no agent can
   * shorten.
   */
  readonly told: readonly number[];
}

/** The effect of one hostile tenant on another one's changes. */
export interface TenantResult {
  readonly tenant: string;
  readonly samples: Readonly<Record<Phase, Samples>>;
  /** A remark for the report. */
  readonly note?: string | undefined;
  /** Largest memory of the agent. */
  readonly peakMb: number;
}

/** Concurrent requests of the tenant. */
const WORKERS = 8;
const ACT_MS = 25;

const forAll = async <T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> => {
  const iterator = items.values();
  const worker = async (): Promise<void> => {
    for (const item of iterator) await work(item).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
};

/** The means to make the other tenant's changes and to see their effect. */
interface Means {
  readonly admin: AdminClient;
  readonly flow: Flow;
  readonly watch: PolicyWatch;
  /** Changes in each phase. */
  readonly count: number;
}

/** Changes the other tenant's policy back and forth; after each change, waits until packets show that it is in force. */
const measureChanges = async ({ admin, flow, watch, count }: Means): Promise<Samples> => {
  const inForce: number[] = [];
  const told: number[] = [];
  while (inForce.length < count) {
    const opens = inForce.length % 2 === 0;
    await delay(20 + Math.random() * 60);
    const asked = nowNs();
    const { metadata } = await admin.patch(FRIENDS_ONLY, { spec: (opens ? FRIENDS_AND_FOES : FRIENDS_ONLY).spec });
    // The API server's own time is not the agent's: a busy server takes longer.
    const answered = (nowNs() - asked) / 1e6;
    const heard = ((await watch.heardAt(metadata.resourceVersion)) - asked) / 1e6;
    inForce.push(Math.max(0, (await flow.until(opens ? 'open' : 'closed', asked)) - answered));
    told.push(Math.max(0, heard - answered));
  }
  return { inForce, told };
};

/** @returns a function that stops the repetition and waits for its end */
const repeat = (work: (turn: number) => Promise<unknown>, pauseMs: number): (() => Promise<void>) => {
  let stopped = false;
  const run = async (): Promise<void> => {
    for (let turn = 0; !stopped; turn += 1) {
      await work(turn).catch(() => undefined);
      await delay(pauseMs);
    }
  };
  const running = run();
  return async () => {
    stopped = true;
    await running;
  };
};

/**
 * Measures the other tenant's changes before the hostile tenant exists, while it comes and goes, while it exists, and
 * after its end.
 */
export const measureTenant = async (
  { name, policies, act, open }: HostileTenant,
  { agent, grounds, ...means }: Means & { readonly agent: RunningAgent; readonly grounds: Grounds },
): Promise<TenantResult> => {
  const { admin } = means;
  const come = (): Promise<void> => forAll(policies, (policy) => admin.create(policy));
  const go = (): Promise<void> =>
    forAll(policies, (policy) => admin.delete(policyOf(HOSTILE_NAMESPACE, policy.metadata.name, {})));
  const measure = (): Promise<Samples> => {
    agent.assertAlive();
    return measureChanges(means);
  };
  const calm = await measure();
  const traffic = await open?.(grounds);
  const stopComing = repeat(async () => {
    await come();
    await delay(500);
    await go();
  }, 500);
  const coming = await measure().finally(stopComing);
  await come();
  const stopActing = act === undefined ? undefined : repeat((turn) => act(admin, turn), ACT_MS);
  const there = await measure().finally(stopActing);
  const note = await traffic?.end();
  await go();
  const deleted = await measure();
  const samples = { calm, 'coming and going': coming, there, deleted };
  return { tenant: name, samples, note, peakMb: agent.usage().peakMb };
};
