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
import { isEmptyPlan, isTidying, type Plan, planChanges, planDelta, createStaleSets } from '../render/plan.ts';
import { findTampering } from '../render/tampering.ts';
import { createApart } from './apart.ts';
import { distance, withRawOf } from './bring-part.ts';
import { createContest, isPlaceAlone } from './contest.ts';
import type { Kernel } from './kernel.ts';
import type { Lookout } from './lookout.ts';
import { createNarrowing, isTimeout } from './refusals.ts';
import { createNodeCompiler, type NodeCompiler, type OnAddressLeft } from './node-compiler.ts';
import { createParts, familyOf, type Part, type PartFailure } from './parts.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { PolicySource } from './policy-source.ts';
import type { ReconcilerStatus } from './status.ts';
import type { SyncResult } from './sync-result.ts';

export interface EnforcementOptions {
  /** `spec.nodeName` of the pods to enforce policy for. */
  readonly node: string;
  /** Interval of drift checks. */
  readonly checkIntervalMs: number;
  readonly program: ProgramOptions;
  /** Limits of the policies' usage of the node; DEFAULT_LIMITS if absent. */
  readonly limits?: Limits;
  readonly onAddressLeft?: OnAddressLeft;
}

export interface EnforcementPorts {
  readonly source: PolicySource;
  readonly kernel: Kernel;
  readonly clock: Clock;
  /** Avoids most full comparisons; without it each check is one. */
  readonly lookout?: Lookout;
}

export interface EnforcementNews {
  /** Called when a part that had failed is in force, or something was closed for it: a pass is due. */
  readonly onNews: () => void;
}

/** The effect of a pass on the kernel. */
export type Done = Pick<
  SyncResult,
  'outcome' | 'changes' | 'drift' | 'tampering' | 'contested' | 'program' | 'isGrowing' | 'policies' | 'concerned'
>;

/** Holds the state in force and moves the kernel to the newest one. Passes never overlap. */
export interface Enforcement {
  /**
   * Applies the pending changes. Reads the whole kernel back if a check finds that it may have drifted.
   * @throws if the kernel cannot be read or written, or differs afterwards; see distrust
   */
  pass(pending: PendingChanges): Promise<Done>;
  /**
   * Takes the failure of a pass: the kernel's state is unknown, so the next pass reads it back, and takes each part by
   * itself.
   */
  distrust(): void;
  /** Returns the policy of the newest pass, see PolicyCompiler. */
  policy(): NodePolicy;
  /** The pods of the whole cluster that may have the address, see PolicyCompiler. */
  podsAt(address: string): readonly PodEndpoint[];
  faults(): readonly PolicyFault[];
  isolatedPods(): Readonly<Record<Direction, number>>;
  closedPods(): readonly PodEndpoint[];
  /** Reports whether a pass without changes would continue isolations that are too large for one pass. */
  isGrowing(): boolean;
  /** See SyncResult.contested. */
  isContested(): boolean;
  /** Reports whether the first programming was done and verified, of at least one family. */
  isReady(): boolean;
  /** Returns the parts that are not in force, see Parts. */
  failing(): readonly PartFailure[];
  /** Returns the resourceVersions of the state in force. */
  applied(): Readonly<Record<string, string>>;
  lastCheck(): ReconcilerStatus['lastCheck'];
  lastChange(): ReconcilerStatus['lastChange'];
  /** Returns Clock.now(), in ms, at which a drift check or another attempt at a failed part is due. */
  checkDueAt(): number;
  /** Makes a drift check due now. */
  checkNow(): void;
  /** Stops, and resolves when all work under way has ended. */
  stop(): Promise<void>;
}

/** Room of one pass, see Room: about 25 ms of the kernel's time. */
const PASS_ROOM = 1_000;
/** The same for isolations that are too large for it: one text that a restore program takes. */
const PORTION_ROOM = 150;
/** Room of the first pass, when nothing of ours is in force that could wait. */
const FIRST_ROOM = 20_000;
/** Weight of the policies that one pass parses: about 20 ms. Further passes parse the rest. */
const PASS_WEIGHT = 10_000;
/** Room of a pass after one that took too long: the policy to blame is then alone. */
const CAUTIOUS_ROOM = 50;

/** Large isolations wait for up to this many passes in a row with small changes. */
const MOST_PUT_OFF = 3;

const isOf = (address: string, family: IpFamily): boolean => address.includes(':') === (family === 'ipv6');

type Drift = Pick<Done, 'drift' | 'tampering'>;

/** A change does not wait for a full read, unless changes have interrupted it this many times. */
const MOST_INTERRUPTIONS = 3;

const NO_DRIFT: Drift = { drift: 0, tampering: [] };

const withDrift = (before: Drift, { drift, tampering }: Drift): Drift => ({
  drift: before.drift + drift,
  tampering: [...before.tampering, ...tampering],
});

interface Checked extends Drift {
  readonly observed: Observed;
  /** The changes back to the applied state; undefined if that is not known. */
  readonly repair: Plan | undefined;
  /** Whether only our hook position is taken, and was taken back too often recently: then not now. */
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
  /** Whether our hook position is taken: then the next check reads the kernel, whatever the lookout reports. */
  let displaced = false;
  /** Number of changes in a row that interrupted a full read. */
  let interruptions = 0;
  /** Whether the kernel has the compiler's rule set, unless another program changed it. */
  let trusted = false;
  /** Whether a pass has failed, and none has succeeded since. */
  let divided = false;
  /** Whether the compiler has the state of the cluster. */
  let isCompiled = false;
  /** Whether something was closed that the next compilation must include. */
  let hasClosed = false;
  /** The revisions of the last compiled and applied state, and of the last state that all needed parts have. */
  let latest: Readonly<Record<string, string>> = {};
  let applied = latest;
  let ready = false;
  /** Other programs' changes, kept until a pass that repairs them succeeds: a failure does not lose them. */
  let untold = NO_DRIFT;
  let lastCheck: ReconcilerStatus['lastCheck'];
  let lastChange: ReconcilerStatus['lastChange'];
  let checkDueAt = clock.now();
  /** The changed policies that the compiler has and no pass has named yet, see SyncResult.policies. */
  const changed = new Set<PolicyKey>();
  /** Whether a pass with small changes only took too long. */
  let cautious = false;
  /** Number of passes in a row without time for large isolations. */
  let putOff = 0;

  /** Reports whether an isolated pod of the node has an address of the part's family. */
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

  /** Returns the rule set that the parts which do not fail must have. */
  const program = () => withRawOf(compiler.program(), parts.scope().raw);

  /** Returns undefined, for all parts, if none fails: then the kernel knows which raw tables do not exist. */
  const scope = () => (parts.areAllInForce() ? undefined : parts.scope());

  const isGoingOn = (): boolean => compiler.isGrowing() || compiler.isUnfinished();

  /** Returns the room of a pass. Small changes go first, but not forever. */
  const roomFor = (observed: Observed | undefined, hasChanges: boolean): Room => {
    const isForSmall = hasChanges && putOff < MOST_PUT_OFF && observed === undefined;
    putOff = isForSmall ? putOff + 1 : 0;
    const left = cautious ? CAUTIOUS_ROOM : ready ? PASS_ROOM : FIRST_ROOM;
    if (observed === undefined) return { left, isForSmall, ...(ready ? { forLarge: PORTION_ROOM } : {}) };
    const has = (family: IpFamily, name: string): boolean =>
      observed.sets.has(name) || observed.tables[family]?.chains.has(name) === true;
    return { left, isForSmall, has };
  };

  /** Returns the namespace of a new pod of the node whose condition will say that its policies are in force. */
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
    if (changes !== 'everything') for (const key of changes.networkpolicies) changed.add(key as PolicyKey);
    try {
      const delta = compiler.update(source.snapshot(), changes, room);
      isCompiled = true;
      hasClosed = false;
      return delta;
    } catch (error) {
      // A partial update is useless: the next pass compiles everything again.
      compiler = newCompiler();
      throw error;
    }
  };

  /** Reads the kernel; undefined if a change came meanwhile that must not wait for it. */
  const read = async (pending: PendingChanges): Promise<Observed | undefined> => {
    const reading = kernel.observe(scope());
    if (!trusted || !pending.isEmpty() || interruptions >= MOST_INTERRUPTIONS) {
      interruptions = 0;
      return reading;
    }
    const observed = await Promise.race([reading, pending.arrival()]);
    interruptions = observed === undefined ? interruptions + 1 : 0;
    // The result is no longer needed.
    reading.catch(() => undefined);
    return observed;
  };

  /** Reads the kernel back. Any difference from the applied state is drift. */
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

  /** Reports whether a check is due. A change goes first, but does not postpone the check forever. */
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

  /** Reports whether the whole kernel must be read now. */
  const needsReading = async (pending: PendingChanges): Promise<boolean> => {
    if (!trusted) return true;
    if (!isCheckDue(pending)) return false;
    // First, so that a call of checkNow meanwhile counts.
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
    // The written rules are in force; another program was quick to go before them, which is left for the next check.
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
    // Everything is added again, small isolations at once and larger ones one by one.
    cautious = true;
    compiler = newCompiler();
  };

  /** Returns the changed policies that are in force now, once. */
  const takeChanged = (): readonly PolicyKey[] => {
    if (isGoingOn()) return [];
    const taken = [...changed];
    changed.clear();
    return taken;
  };

  const done = (outcome: Done['outcome'], what: Drift & Pick<Done, 'changes'>): Done => ({
    ...what,
    outcome,
    contested: contest.isOn(),
    program: compiler.program(),
    isGrowing: isGoingOn(),
    policies: takeChanged(),
    concerned: compiler.takeConcerned(),
  });

  /** After a failure, applies each part by itself, so that a part that fails again does not affect the others. */
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
      // There is no await from here to the plan, so the revisions are those of the compiled state.
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
      const isNews = !isTidying(plan) || apart.takeBrought();
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
