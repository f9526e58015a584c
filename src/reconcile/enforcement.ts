import type { Clock } from '../model/clock.ts';
import { compileNodePolicy } from '../policy/compile.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { compileProgram, type ProgramOptions } from '../program/compile-program.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Observed } from '../render/observed.ts';
import { isEmptyPlan, type Plan, planChanges } from '../render/plan.ts';
import { projectProgram } from '../render/project.ts';
import { findTampering } from '../render/tampering.ts';
import type { Kernel } from './kernel.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { PolicySource } from './policy-source.ts';
import type { ReconcilerStatus } from './status.ts';
import type { SyncResult } from './sync-result.ts';

export interface EnforcementOptions {
  /** `spec.nodeName` of the pods to enforce policy for. */
  readonly node: string;
  /** The kernel is read back and compared as a whole so often, ms. */
  readonly checkIntervalMs: number;
  readonly program: ProgramOptions;
}

export interface EnforcementPorts {
  readonly source: PolicySource;
  readonly kernel: Kernel;
  readonly clock: Clock;
}

/** What a pass did to the kernel. */
export type Done = Pick<SyncResult, 'outcome' | 'changes' | 'drift' | 'tampering' | 'program'>;

/** What is in force, and the way from there to the newest state. It is passed from one state to the next, never twice at once. */
export interface Enforcement {
  /**
   * Takes the pending changes and applies what they change; reads the whole kernel back where a check is due.
   * @throws where the kernel cannot be read or written, or holds something else afterwards; see distrust
   */
  pass(pending: PendingChanges): Promise<Done>;
  /** What is in the kernel is not known any more: the next pass reads it back. */
  distrust(): void;
  /** What the newest pass compiled. */
  policy(): NodePolicy;
  /** The first programming was done and verified. */
  isReady(): boolean;
  /** The resourceVersions of the state that is in force. */
  applied(): Readonly<Record<string, string>>;
  lastCheck(): ReconcilerStatus['lastCheck'];
  /** Clock.now() at which the kernel has to be read back, ms. */
  checkDueAt(): number;
}

/** What was put into the kernel last, and what is expected there. */
interface Held {
  readonly program: NodeProgram;
  readonly observed: Observed;
}

interface Checked extends Pick<Done, 'drift' | 'tampering'> {
  readonly observed: Observed;
}

/** Lines that the kernel is off; a set that is left over changes no verdict and is not counted. */
const distance = (plan: Plan): number => plan.size - plan.destroy.length;

export const createEnforcement = (options: EnforcementOptions, ports: EnforcementPorts): Enforcement => {
  const { source, kernel, clock } = ports;
  let held: Held | undefined;
  let policy: NodePolicy = { isolations: [], faults: [] };
  let applied: Readonly<Record<string, string>> = {};
  let ready = false;
  let lastCheck: ReconcilerStatus['lastCheck'];
  let checkDueAt = clock.now();

  const compile = (): NodeProgram => {
    policy = compileNodePolicy(source.snapshot(), options.node);
    return compileProgram(policy, options.program);
  };

  /** Reads the kernel back; what differs from what was put there is drift. */
  const observe = async (): Promise<Checked> => {
    const observed = await kernel.observe();
    const drift = held === undefined ? 0 : distance(planChanges(observed, held.program));
    const tampering = held === undefined || drift === 0 ? [] : findTampering(observed, held.program);
    lastCheck = { at: clock.wall(), differences: drift };
    checkDueAt = clock.now() + options.checkIntervalMs;
    return { observed, drift, tampering };
  };

  const verify = async (program: NodeProgram): Promise<void> => {
    const left = planChanges(await kernel.observe(), program);
    if (distance(left) === 0) return;
    const sample = `${left.prepare}${Object.values(left.tables).join('')}${left.finish}`.split('\n').slice(0, 6);
    throw new Error(`the kernel holds something else than was written; missing: ${sample.join(' | ')}`);
  };

  return {
    async pass(pending) {
      const trusted = held !== undefined;
      const checked = !trusted || clock.now() >= checkDueAt ? await observe() : undefined;
      // From here to the plan nothing awaits: the revisions are those of the state that is compiled.
      const revisions = source.revisions();
      const program = pending.isEmpty() && held !== undefined ? held.program : compile();
      pending.take();
      const known = checked?.observed ?? held?.observed;
      if (known === undefined) throw new Error('the kernel was never observed');
      const plan = planChanges(known, program);
      const { drift, tampering } = checked ?? { drift: 0, tampering: [] };
      if (!isEmptyPlan(plan)) {
        held = undefined;
        await kernel.apply(plan);
        if (!trusted || drift > 0) await verify(program);
      }
      held = { program, observed: projectProgram(program, kernel.families) };
      applied = revisions;
      ready = true;
      return { outcome: isEmptyPlan(plan) ? 'unchanged' : 'applied', changes: plan.size, drift, tampering, program };
    },
    distrust() {
      held = undefined;
    },
    policy: () => policy,
    isReady: () => ready,
    applied: () => applied,
    lastCheck: () => lastCheck,
    checkDueAt: () => checkDueAt,
  };
};
