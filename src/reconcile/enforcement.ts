import type { Clock } from '../model/clock.ts';
import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { IpFamily } from '../model/family.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { Limits } from '../policy/limits.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import type { ProgramDelta, ProgramOptions } from '../program/incremental/program-compiler.ts';
import { weightOf } from '../policy/weight.ts';
import type { Room } from '../program/incremental/room.ts';
import type { Observed } from '../render/observed.ts';
import { isEmptyPlan, type Plan, planChanges, planDelta } from '../render/plan.ts';
import { findTampering } from '../render/tampering.ts';
import { createApart } from './apart.ts';
import { distance, withRawOf } from './bring-part.ts';
import { createContest, isPlaceAlone } from './contest.ts';
import type { Kernel } from './kernel.ts';
import type { Lookout } from './lookout.ts';
import { createNarrowing } from './narrowing.ts';
import { createNodeCompiler, type NodeCompiler, type OnAddressLeft } from './node-compiler.ts';
import { createParts, familyOf, type Part, type PartFailure } from './parts.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { PolicySource } from './policy-source.ts';
import { isTimeout } from './refused.ts';
import { createStaleSets } from './stale-sets.ts';
import type { ReconcilerStatus } from './status.ts';
import type { SyncResult } from './sync-result.ts';

export interface EnforcementOptions {
  /** `spec.nodeName` of the pods to enforce policy for. */
  readonly node: string;
  /** The kernel is looked at so often, ms. */
  readonly checkIntervalMs: number;
  readonly program: ProgramOptions;
  /** What policies may ask of the node; by default see DEFAULT_LIMITS. */
  readonly limits?: Limits;
  readonly onAddressLeft?: OnAddressLeft;
}

export interface EnforcementPorts {
  readonly source: PolicySource;
  readonly kernel: Kernel;
  readonly clock: Clock;
  /** Spares most full comparisons; without it each check is one. */
  readonly lookout?: Lookout;
}

export interface EnforcementNews {
  /** A part that had failed is in force, or something was closed for it: a pass is due. */
  readonly onNews: () => void;
}

/** What a pass did to the kernel. */
export type Done = Pick<
  SyncResult,
  'outcome' | 'changes' | 'drift' | 'tampering' | 'contested' | 'program' | 'isGrowing' | 'concerned'
>;

/** What is in force, and the way from there to the newest state. It is passed from one state to the next, never twice at once. */
export interface Enforcement {
  /**
   * Takes the pending changes and applies what they change; reads the whole kernel back where a check finds
   * that others may have changed it.
   * @throws where the kernel cannot be read or written, or holds something else afterwards; see distrust
   */
  pass(pending: PendingChanges): Promise<Done>;
  /** A pass failed: what is in the kernel is not known any more. The next one reads it back, and takes each part by itself. */
  distrust(): void;
  /** What the newest pass compiled, see PolicyCompiler. */
  policy(): NodePolicy;
  /** The pods of the whole cluster that may have the address, see PolicyCompiler. */
  podsAt(address: string): readonly PodEndpoint[];
  faults(): readonly PolicyFault[];
  isolatedPods(): Readonly<Record<Direction, number>>;
  closedPods(): readonly PodEndpoint[];
  /** A pass without changes goes on with what is too large for one. */
  isGrowing(): boolean;
  /** See SyncResult.contested. */
  isContested(): boolean;
  /** The first programming was done and verified, of one family at least. */
  isReady(): boolean;
  /** What is not at what policy asks for, see Parts. */
  failing(): readonly PartFailure[];
  /** The resourceVersions of the state that is in force. */
  applied(): Readonly<Record<string, string>>;
  lastCheck(): ReconcilerStatus['lastCheck'];
  lastChange(): ReconcilerStatus['lastChange'];
  /** Clock.now() at which the kernel has to be looked at, or a part that fails tried again, ms. */
  checkDueAt(): number;
  /** It has to be looked at now. */
  checkNow(): void;
  /** Whatever is under way is over. Begins nothing more. */
  stop(): Promise<void>;
}

/** What one pass may bring, see Room: some 25 ms of the kernel's time. */
const PASS_ROOM = 1_000;
/** And of what is too large for that: one text that a program takes which is running already. */
const PORTION_ROOM = 150;
/** What the first pass may bring, when nothing of ours is in force that could wait. */
const FIRST_ROOM = 20_000;
/** Values in the policies that one pass reads: some 20 ms. The rest is read by the next passes. */
const PASS_WEIGHT = 10_000;
/** What a pass may bring after one that took too long: what is to blame then goes alone. */
const CAUTIOUS_ROOM = 50;

/** What is large waits for so many passes in a row that have something small to do. */
const MOST_PUT_OFF = 3;

const isOf = (address: string, family: IpFamily): boolean => address.includes(':') === (family === 'ipv6');

type Drift = Pick<Done, 'drift' | 'tampering'>;

/** A change does not wait for a reading of the kernel, unless changes have put it off so often. */
const MOST_INTERRUPTIONS = 3;

const NO_DRIFT: Drift = { drift: 0, tampering: [] };

const withDrift = (before: Drift, { drift, tampering }: Drift): Drift => ({
  drift: before.drift + drift,
  tampering: [...before.tampering, ...tampering],
});

interface Checked extends Drift {
  readonly observed: Observed;
  /** From there back to what was put there; undefined where that is not known. */
  readonly repair: Plan | undefined;
  /** Only our place is taken, and it was taken back too often of late: not now. */
  readonly isPutOff: boolean;
}

export const createEnforcement = (
  options: EnforcementOptions,
  ports: EnforcementPorts,
  { onNews }: EnforcementNews = { onNews: () => undefined },
): Enforcement => {
  const { source, kernel, clock, lookout } = ports;
  let compiler = createNodeCompiler(options.node, options.program, options.limits, options.onAddressLeft);
  const narrowing = createNarrowing(kernel, clock);
  const contest = createContest(clock);
  const stale = createStaleSets();
  /** Our place is not ours: the next check reads the kernel, whatever the lookout says. */
  let displaced = false;
  /** So often in a row a change came while the kernel was read. */
  let interruptions = 0;
  /** The kernel holds the program of the compiler, unless somebody else changed it. */
  let trusted = false;
  /** A pass has failed, and none succeeded since. */
  let divided = false;
  /** The compiler has taken the state of the cluster. */
  let isCompiled = false;
  /** Something was closed, which the next compilation takes in. */
  let hasClosed = false;
  /** Of the state that was compiled last and brought, and of the last one that all needed parts hold. */
  let latest: Readonly<Record<string, string>> = {};
  let applied = latest;
  let ready = false;
  /** What others did, as long as no pass has succeeded that repairs it: a failure does not make it forgotten. */
  let untold = NO_DRIFT;
  let lastCheck: ReconcilerStatus['lastCheck'];
  let lastChange: ReconcilerStatus['lastChange'];
  let checkDueAt = clock.now();
  /** A pass took too long that brought only what seemed small. */
  let cautious = false;
  /** So many passes in a row have left no time to what is large. */
  let putOff = 0;

  /** Of a family: some pod of the node that policies isolate has an address. */
  const isNeeded = (part: Part): boolean => {
    const family = familyOf(part);
    if (part !== family) return compiler.program()[family].raw !== undefined;
    return compiler.policy().isolations.some(({ pods }) => pods.some(({ ips }) => ips.some((ip) => isOf(ip, family))));
  };
  const parts = createParts(kernel.families, clock, isNeeded);
  const apart = createApart({
    kernel,
    clock,
    parts,
    program: () => (isCompiled ? compiler.program() : undefined),
    narrow: async (error, families) => {
      const isClosed = await narrowing.failed(error, compiler, families);
      hasClosed ||= isClosed;
      return isClosed;
    },
    onNews,
  });

  const noteApplied = (): void => {
    if (!parts.failing().some((part) => part.isNeeded)) applied = latest;
  };

  const newCompiler = (): NodeCompiler => {
    isCompiled = false;
    return createNodeCompiler(options.node, options.program, options.limits, options.onAddressLeft);
  };

  /** What is meant to be there of the parts that do not fail. */
  const program = () => withRawOf(compiler.program(), parts.scope().raw);

  /** All, where no part fails: the kernel knows then which raw tables there are none of. */
  const scope = () => (parts.areAllInForce() ? undefined : parts.scope());

  const isGoingOn = (): boolean => compiler.isGrowing() || compiler.isUnfinished();

  /** What is small goes first, but not for ever. */
  const roomFor = (observed: Observed | undefined, hasChanges: boolean): Room => {
    const isForSmall = hasChanges && putOff < MOST_PUT_OFF && observed === undefined;
    putOff = isForSmall ? putOff + 1 : 0;
    const left = cautious ? CAUTIOUS_ROOM : ready ? PASS_ROOM : FIRST_ROOM;
    if (observed === undefined) return { left, isForSmall, ...(ready ? { forLarge: PORTION_ROOM } : {}) };
    const has = (family: IpFamily, name: string): boolean =>
      observed.sets.has(name) || observed.tables[family]?.chains.has(name) === true;
    return { left, isForSmall, has };
  };

  /** The namespace of a pod of the node of which it is to be told that its policies are in force, once they are. */
  const newHome = (uid: string): string | undefined => {
    const pod = source.snapshot().pods.get(uid);
    return pod?.node === options.node && pod.isEnforced !== true ? pod.namespace : undefined;
  };

  /** Brings the compiler to the newest state. */
  const compile = (pending: PendingChanges, observed: Observed | undefined): ProgramDelta => {
    const room = roomFor(observed, !pending.isEmpty());
    const { policies } = source.snapshot();
    const weigh = (key: string): number => weightOf(policies.get(key as PolicyKey)?.spec);
    const changes = pending.take(weigh, PASS_WEIGHT, newHome);
    try {
      const delta = compiler.update(source.snapshot(), changes, room);
      isCompiled = true;
      hasClosed = false;
      return delta;
    } catch (error) {
      // Half an update is worth nothing: the next pass compiles everything anew.
      compiler = newCompiler();
      throw error;
    }
  };

  /** What the kernel holds; undefined where a change came meanwhile that is not to wait for it. */
  const read = async (pending: PendingChanges): Promise<Observed | undefined> => {
    const reading = kernel.observe(scope());
    if (!trusted || !pending.isEmpty() || interruptions >= MOST_INTERRUPTIONS) {
      interruptions = 0;
      return reading;
    }
    const observed = await Promise.race([reading, pending.arrival()]);
    interruptions = observed === undefined ? interruptions + 1 : 0;
    // Nobody is interested any more in how it ends.
    reading.catch(() => undefined);
    return observed;
  };

  /** Reads the kernel back; what differs from what was put there is drift. */
  const observe = async (pending: PendingChanges): Promise<Checked | undefined> => {
    checkDueAt = clock.now() + options.checkIntervalMs;
    const at = clock.wall();
    const observed = await read(pending);
    if (observed === undefined) return undefined;
    const repair = trusted ? planChanges(observed, program()) : undefined;
    const drift = repair === undefined ? 0 : distance(repair);
    const tampering = drift === 0 ? [] : findTampering(observed, program());
    lastCheck = { at, differences: drift };
    displaced = isPlaceAlone(tampering) && !contest.mayTake();
    if (!displaced) return { observed, repair, drift, tampering, isPutOff: false };
    checkDueAt = contest.nextAt();
    return { observed, repair, drift: 0, tampering: [], isPutOff: true };
  };

  /** A change goes first, but does not put the check off for ever. */
  const isCheckDue = (pending: PendingChanges): boolean => {
    const overdue = clock.now() - checkDueAt;
    return overdue >= 0 && (pending.isEmpty() || overdue >= options.checkIntervalMs);
  };

  const planFor = (delta: ProgramDelta, checked: Checked | undefined): Plan => {
    const { families, raw } = parts.scope();
    if (checked === undefined) return stale.defer(planDelta(delta, families, raw));
    stale.clear();
    const { observed, repair, isPutOff } = checked;
    if (repair === undefined) return planChanges(observed, program());
    const change = planDelta(delta, families, raw);
    if (!isEmptyPlan(change)) return planChanges(observed, program());
    return isPutOff ? change : repair;
  };

  /** Whether all of the kernel has to be read now. */
  const needsReading = async (pending: PendingChanges): Promise<boolean> => {
    if (!trusted) return true;
    if (!isCheckDue(pending)) return false;
    // First, so that a call of checkNow in the meantime stands.
    checkDueAt = clock.now() + options.checkIntervalMs;
    const swept = stale.takeDue();
    if (swept !== undefined) await kernel.apply(swept);
    if (displaced || interruptions > 0) return true;
    return (await lookout?.suspects(program(), scope()?.families)) !== false;
  };

  const verify = async (): Promise<void> => {
    const observed = await kernel.observe(scope());
    const left = planChanges(observed, program());
    if (distance(left) === 0) return;
    // What was written is there; somebody was quick to go before it, which is for the next check.
    if (isPlaceAlone(findTampering(observed, program()))) {
      displaced = true;
      return;
    }
    const tables = [...Object.values(left.tables), ...Object.values(left.raw ?? {})].join('');
    const sample = `${left.prepare}${tables}${left.finish}`.split('\n').slice(0, 6);
    throw new Error(`read-back differs from what was written; missing: ${sample.join(' | ')}`);
  };

  const failed = async (error: unknown): Promise<void> => {
    const grown = compiler.grown();
    await narrowing.failed(error, compiler);
    if (!isTimeout(error) || grown.ipv4.length + grown.ipv6.length > 0) return;
    // All of it is brought again, what is small at once and what is larger one by one.
    cautious = true;
    compiler = newCompiler();
  };

  const done = (outcome: Done['outcome'], what: Drift & Pick<Done, 'changes'>): Done => ({
    ...what,
    outcome,
    contested: contest.isOn(),
    program: compiler.program(),
    isGrowing: isGoingOn(),
    concerned: compiler.takeConcerned(),
  });

  /** After a failure: each part by itself, so that one that fails again keeps no other from its rules. */
  const passApart = async (pending: PendingChanges): Promise<Done> => {
    checkDueAt = clock.now() + options.checkIntervalMs;
    stale.clear();
    const seen = await apart.look();
    narrowing.before(compiler);
    const revisions = source.revisions();
    compile(pending, seen.observed);
    const isNewest = pending.isNone();
    const { lines, isClosed, error, isTimeoutOfAll } = await apart.bring(seen);
    lastChange = { at: clock.wall() };
    if (isClosed) throw error;
    if (parts.scope().families.length === 0) {
      if (isTimeoutOfAll) {
        cautious = true;
        compiler = newCompiler();
      }
      throw error;
    }
    if (error === undefined) narrowing.succeeded();
    if (!isGoingOn()) cautious = false;
    divided = false;
    trusted = true;
    if (isNewest) latest = revisions;
    noteApplied();
    ready = true;
    const { drift, tampering } = untold;
    untold = NO_DRIFT;
    const outcome = lines > 0 || apart.takeBrought() ? 'applied' : 'unchanged';
    return done(outcome, { changes: lines, drift, tampering });
  };

  return {
    async pass(pending) {
      if (divided) return passApart(pending);
      if (trusted) apart.tryDue();
      const checked = (await needsReading(pending)) ? await observe(pending) : undefined;
      const reopens = narrowing.before(compiler) || hasClosed;
      if (checked === undefined && pending.isEmpty() && !reopens && !isGoingOn()) {
        return done(apart.takeBrought() ? 'applied' : 'unchanged', { changes: 0, drift: 0, tampering: [] });
      }
      // From here to the plan nothing awaits: the revisions are those of the state that is compiled.
      const revisions = source.revisions();
      const plan = planFor(compile(pending, checked?.isPutOff === true ? undefined : checked?.observed), checked);
      const isNewest = pending.isNone();
      if (checked !== undefined) untold = withDrift(untold, checked);
      if (!isEmptyPlan(plan)) {
        const toVerify = !trusted || untold.drift > 0;
        trusted = false;
        try {
          await kernel.apply(plan);
        } catch (error) {
          await failed(error);
          throw error;
        } finally {
          lastChange = { at: clock.wall() };
        }
        if (toVerify) await verify();
      }
      narrowing.succeeded();
      if (!isGoingOn()) cautious = false;
      trusted = true;
      if (isNewest) latest = revisions;
      noteApplied();
      if (!ready) for (const family of kernel.families) if (!parts.isFailing(family)) parts.succeeded(family);
      ready = true;
      const { drift, tampering } = untold;
      untold = NO_DRIFT;
      const isNews = !isEmptyPlan(plan) || apart.takeBrought();
      return done(isNews ? 'applied' : 'unchanged', { changes: plan.size, drift, tampering });
    },
    distrust() {
      trusted = false;
      divided = true;
    },
    failing: parts.failing,
    policy: () => compiler.policy(),
    podsAt: (address) => compiler.podsAt(address),
    faults: () => compiler.faults(),
    isolatedPods: () => compiler.isolatedPods(),
    closedPods: () => compiler.closedPods(),
    isGrowing: isGoingOn,
    isContested: contest.isOn,
    isReady: () => ready,
    applied() {
      noteApplied();
      return applied;
    },
    lastCheck: () => lastCheck,
    lastChange: () => lastChange,
    checkDueAt: () => Math.min(checkDueAt, parts.dueAt() ?? Number.POSITIVE_INFINITY),
    checkNow() {
      checkDueAt = clock.now();
    },
    stop: apart.stop,
  };
};
