import type { PolicyKey } from '../model/policy-object.ts';
import { DIRECTIONS } from '../model/direction.ts';
import { IP_FAMILIES } from '../model/family.ts';
import { formatField } from '../model/field-path.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { FamilyProgram, NodeProgram } from '../program/node-program.ts';
import type { SyncResult } from '../reconcile/sync-result.ts';
import { describeTampering } from '../render/describe-tampering.ts';
import type { Logger } from './logger.ts';
import type { AgentMetrics, KernelObjects } from './metrics.ts';
import { createRate } from './rate.ts';

/** Counts the objects of a family, without intermediate lists: it is called after each change. */
export const countObjects = ({ chains, sets, raw }: FamilyProgram): KernelObjects => {
  let rules = 0;
  let members = 0;
  for (const chain of chains.values()) rules += chain.rules.length;
  for (const chain of raw?.chains.values() ?? []) rules += chain.rules.length;
  for (const set of sets.values()) members += set.members.size;
  return { chains: chains.size + (raw?.chains.size ?? 0), rules, sets: sets.size, members };
};

/** Large policies that need longer than this are logged. */
const LONG_GROWTH_MS = 1_000;

/** Maximum names of policies in a line. */
const MOST_NAMES = 20;
/** Lines about changed policies: others are to have room beside them. */
const LINES = { burst: 50, perSecond: 5 };

const faultText = ({ policy, field, message }: PolicyFault): string =>
  `NetworkPolicy ${policy}: ${formatField(field)}: ${message}`;

const countByPolicy = (faults: readonly PolicyFault[]): ReadonlyMap<PolicyKey, number> =>
  new Map([...Map.groupBy(faults, ({ policy }) => policy)].map(([policy, found]) => [policy, found.length]));

/**
 * Reports each pass of the loop as metrics and log lines. A fault is logged when it appears and when it is gone. Takes the
 * names of programs that changed our rules since the last pass.
 */
export const createSyncObserver = (
  metrics: AgentMetrics,
  log: Logger,
  now: () => number,
): ((result: SyncResult, culprits: readonly string[]) => void) => {
  const rate = createRate(LINES, now);
  let known: ReadonlySet<string> = new Set();
  let heard: readonly PolicyFault[] | undefined;
  let counted: NodeProgram | undefined;
  let failing = false;
  let fighting = false;
  /** Time since which something is still to be added. */
  let growingSince: number | undefined;
  let toldGrowing = false;

  const observeFaults = (faults: readonly PolicyFault[]): void => {
    if (faults === heard) return;
    heard = faults;
    const found = new Set(faults.map(faultText));
    for (const text of found.difference(known)) {
      log.warn('a policy has a fault: its pods are isolated and it allows nothing there', { fault: text });
    }
    for (const text of known.difference(found)) log.info('a fault of a policy was fixed', { fault: text });
    if (found.symmetricDifference(known).size > 0) metrics.setPolicyFaults(countByPolicy(faults));
    known = found;
  };

  const observeProgram = (program: NodeProgram): void => {
    if (program === counted) return;
    counted = program;
    for (const family of IP_FAMILIES) metrics.setKernelObjects(family, countObjects(program[family]));
  };

  /** Logs slow growth. Most large policies are complete within a second, which is not logged. */
  const observeGrowth = (isGrowing: boolean): void => {
    if (!isGrowing) {
      if (toldGrowing) log.info('all large policies are in force');
      growingSince = undefined;
      toldGrowing = false;
      return;
    }
    growingSince ??= now();
    if (toldGrowing || now() - growingSince < LONG_GROWTH_MS) return;
    toldGrowing = true;
    log.info('programming large policies in portions; the pods they select are closed until each policy is complete');
  };

  /** Logs policies that changed the rules of the node. What the rate leaves out is counted by the next line. */
  const tellPolicies = (policies: readonly PolicyKey[], waitedMs: number | undefined): void => {
    const passed = rate.take();
    if (passed === undefined) return;
    log.info('changed policies are in force', {
      policies: policies.slice(0, MOST_NAMES),
      ...(policies.length > MOST_NAMES ? { more: policies.length - MOST_NAMES } : {}),
      ...(waitedMs === undefined ? {} : { waitedMilliseconds: Math.round(waitedMs) }),
      ...(passed.turnedAway > 0 ? { linesLeftOut: passed.turnedAway } : {}),
    });
  };

  return (
    {
      reason,
      outcome,
      durationMs,
      waitedMs,
      changes,
      policies,
      drift,
      tampering,
      contested,
      faults,
      isolatedPods,
      program,
      error,
      isGrowing,
    },
    culprits,
  ) => {
    observeGrowth(isGrowing);
    const result = outcome === 'applied' ? 'changed' : outcome;
    metrics.recordSync({ result, reason, durationMs, waitedMs, endedAt: now() });
    if (drift > 0) {
      metrics.recordDriftRepair(new Set(tampering.map(({ kind }) => kind)), drift);
      log.warn('another program changed our rules or sets; they were repaired', {
        what: describeTampering(tampering),
        ...(culprits.length > 0 ? { by: culprits } : {}),
        lines: drift,
      });
    }
    metrics.setContested(contested);
    if (contested && !fighting) {
      log.warn(
        'another program keeps inserting rules before ours: traffic that they accept bypasses all policies until ours are first again',
      );
    } else if (fighting && !contested) log.info('no other program inserts rules before ours any more');
    fighting = contested;
    observeFaults(faults);
    for (const direction of DIRECTIONS) metrics.setIsolatedPods(direction, isolatedPods[direction]);
    if (program !== undefined) observeProgram(program);
    if (outcome === 'failed') log.error('programming the kernel failed; retrying', { reason, error });
    else if (failing) log.info('programming the kernel works again');
    failing = outcome === 'failed';
    if (outcome === 'applied' && policies.length > 0) tellPolicies(policies, waitedMs);
    if (outcome === 'applied') {
      const level = reason === 'start' ? 'info' : 'debug';
      log[level]('policy is in force', { reason, changes, milliseconds: Math.round(durationMs * 10) / 10 });
    } else if (outcome === 'unchanged' && reason === 'start') {
      log.info('policy is in force; existing rules were already correct', { reason });
    }
  };
};
