import type { Clock } from '../model/clock.ts';
import type { Direction } from '../model/direction.ts';
import { compileNodePolicy } from '../policy/compile.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { compileProgram, type ProgramOptions } from '../program/compile-program.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Observed } from '../render/observed.ts';
import { isEmptyPlan, type Plan, planChanges } from '../render/plan.ts';
import { projectProgram } from '../render/project.ts';
import { retryDelay } from './backoff.ts';
import type { Kernel } from './kernel.ts';
import type { PolicySource } from './policy-source.ts';
import type { ReconcilerStatus } from './status.ts';
import type { SyncReason, SyncResult } from './sync-result.ts';

export interface ReconcilerOptions {
  /** `spec.nodeName` of the pods to enforce policy for. */
  readonly node: string;
  /** The kernel is read back and compared as a whole so often, ms. */
  readonly checkIntervalMs: number;
  readonly program: ProgramOptions;
}

export interface ReconcilerPorts {
  readonly source: PolicySource;
  readonly kernel: Kernel;
  readonly clock: Clock;
  /** Told of every pass; must not throw. */
  readonly report: (result: SyncResult) => void;
}

/** Keeps the kernel at what the newest known state of the cluster asks for. */
export interface Reconciler {
  /** Something changed. The first call acts at once; calls during a pass lead to one more pass. */
  trigger(): void;
  status(): ReconcilerStatus;
  /** Finishes the pass under way and begins no other. What is in the kernel stays. */
  stop(): Promise<void>;
}

/** What the loop put into the kernel last, and what it expects to find there. */
interface Held {
  readonly program: NodeProgram;
  readonly observed: Observed;
}

/** Until the source has everything, it is asked again so often, ms. */
const WAIT_FOR_SOURCE_MS = 20;

type Done = Pick<SyncResult, 'outcome' | 'changes' | 'drift' | 'program'>;

const countIsolated = (policy: NodePolicy, direction: Direction): number =>
  policy.isolations.reduce((sum, each) => sum + (each.direction === direction ? each.pods.length : 0), 0);

/** Lines that the kernel is off; a set that is left over changes no verdict and is not counted. */
const distance = (plan: Plan): number => plan.size - plan.destroy.length;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const createReconciler = (options: ReconcilerOptions, ports: ReconcilerPorts): Reconciler => {
  const { source, kernel, clock, report } = ports;
  let held: Held | undefined;
  let policy: NodePolicy = { isolations: [], faults: [] };
  let applied: Readonly<Record<string, string>> = {};
  let ready = false;
  let dirty = true;
  let stopped = false;
  let failures = 0;
  let lastError: string | undefined;
  let lastCheck: ReconcilerStatus['lastCheck'];
  let checkDueAt = clock.now();
  let heartbeatAt = clock.now();
  let running: Promise<void> | undefined;
  /** A pass is about to begin in this turn of the event loop. */
  let imminent = false;
  let cancelTimer: (() => void) | undefined;

  const compile = (): NodeProgram => {
    policy = compileNodePolicy(source.snapshot(), options.node);
    return compileProgram(policy, options.program);
  };

  /** Reads the kernel back; what differs from what was put there is drift. */
  const observe = async (): Promise<{ readonly observed: Observed; readonly drift: number }> => {
    const observed = await kernel.observe();
    const drift = held === undefined ? 0 : distance(planChanges(observed, held.program));
    lastCheck = { at: clock.wall(), differences: drift };
    checkDueAt = clock.now() + options.checkIntervalMs;
    return { observed, drift };
  };

  const verify = async (program: NodeProgram): Promise<void> => {
    const left = planChanges(await kernel.observe(), program);
    if (distance(left) === 0) return;
    const sample = `${left.prepare}${Object.values(left.tables).join('')}${left.finish}`.split('\n').slice(0, 6);
    throw new Error(`the kernel holds something else than was written; missing: ${sample.join(' | ')}`);
  };

  const pass = async (): Promise<Done> => {
    const full = held === undefined || clock.now() >= checkDueAt;
    const checked = full ? await observe() : undefined;
    // From here to the plan nothing awaits: the revisions are those of the state that is compiled.
    const revisions = source.revisions();
    const program = dirty || held === undefined ? compile() : held.program;
    dirty = false;
    const known = checked?.observed ?? held?.observed;
    if (known === undefined) throw new Error('the kernel was never observed');
    const plan = planChanges(known, program);
    const drift = checked?.drift ?? 0;
    if (!isEmptyPlan(plan)) {
      held = undefined;
      await kernel.apply(plan);
      if (!ready || drift > 0 || failures > 0) await verify(program);
    }
    held = { program, observed: projectProgram(program, kernel.families) };
    applied = revisions;
    ready = true;
    return { outcome: isEmptyPlan(plan) ? 'unchanged' : 'applied', changes: plan.size, drift, program };
  };

  const reasonNow = (): SyncReason => {
    if (failures > 0) return 'retry';
    if (!ready) return 'start';
    return dirty ? 'change' : 'check';
  };

  const runPass = async (): Promise<void> => {
    const startedAt = clock.now();
    const reason = reasonNow();
    const finish = (done: Done, error?: string): void => {
      heartbeatAt = clock.now();
      const isolatedPods = { ingress: countIsolated(policy, 'ingress'), egress: countIsolated(policy, 'egress') };
      report({ ...done, reason, error, faults: policy.faults, isolatedPods, durationMs: heartbeatAt - startedAt });
    };
    if (!source.hasSynced()) {
      heartbeatAt = startedAt;
      return;
    }
    try {
      const done = await pass();
      failures = 0;
      lastError = undefined;
      finish(done);
    } catch (error) {
      // What is in the kernel now is not known: the next pass reads it back and compiles anew.
      held = undefined;
      dirty = true;
      failures += 1;
      lastError = messageOf(error);
      finish({ outcome: 'failed', changes: 0, drift: 0, program: undefined }, lastError);
    }
  };

  const delayToNext = (): number => {
    if (failures > 0) return retryDelay(failures);
    if (!source.hasSynced()) return WAIT_FOR_SOURCE_MS;
    return dirty ? 0 : Math.max(0, checkDueAt - clock.now());
  };

  const run = (): void => {
    imminent = false;
    running = runPass().finally(() => {
      running = undefined;
      schedule();
    });
  };

  const schedule = (): void => {
    if (stopped || running !== undefined || imminent) return;
    const delay = delayToNext();
    cancelTimer?.();
    imminent = delay === 0;
    cancelTimer = clock.after(delay, run);
  };

  schedule();

  return {
    trigger() {
      dirty = true;
      // While the source is not complete or the kernel refuses, the pass that is due takes the newest state anyway.
      if (failures === 0 && source.hasSynced()) schedule();
    },
    status: () => ({
      ready,
      pending: dirty || running !== undefined,
      failures,
      lastError,
      applied,
      lastCheck,
      heartbeatAt,
    }),
    async stop() {
      stopped = true;
      cancelTimer?.();
      await running;
    },
  };
};
