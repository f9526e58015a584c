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

/** After each change: without lists of everything in between. */
const countObjects = ({ chains, sets, raw }: FamilyProgram): KernelObjects => {
  let rules = 0;
  let members = 0;
  for (const chain of chains.values()) rules += chain.rules.length;
  for (const chain of raw?.chains.values() ?? []) rules += chain.rules.length;
  for (const set of sets.values()) members += set.members.size;
  return { chains: chains.size + (raw?.chains.size ?? 0), rules, sets: sets.size, members };
};

/** Large policies that are brought for this long are told of, ms. */
const LONG_GROWTH_MS = 1_000;

const faultText = ({ policy, field, message }: PolicyFault): string =>
  `NetworkPolicy ${policy}: ${formatField(field)}: ${message}`;

const countByPolicy = (faults: readonly PolicyFault[]): ReadonlyMap<PolicyKey, number> =>
  new Map([...Map.groupBy(faults, ({ policy }) => policy)].map(([policy, found]) => [policy, found.length]));

/**
 * Turns each pass of the loop into metrics and log lines. A fault is logged when it appears and when it is gone. The names of
 * the programs that changed our rules since the last pass come with each.
 */
export const createSyncObserver = (
  metrics: AgentMetrics,
  log: Logger,
  now: () => number,
): ((result: SyncResult, culprits: readonly string[]) => void) => {
  let known: ReadonlySet<string> = new Set();
  let heard: readonly PolicyFault[] | undefined;
  let counted: NodeProgram | undefined;
  let failing = false;
  let fighting = false;
  /** Since when there is something to be brought. */
  let growingSince: number | undefined;
  let toldGrowing = false;

  const observeFaults = (faults: readonly PolicyFault[]): void => {
    if (faults === heard) return;
    heard = faults;
    const found = new Set(faults.map(faultText));
    for (const text of found.difference(known)) {
      log.warn('a policy cannot be read: its pods are isolated and it allows nothing', { fault: text });
    }
    for (const text of known.difference(found)) log.info('a fault of a policy is gone', { fault: text });
    if (found.symmetricDifference(known).size > 0) metrics.setPolicyFaults(countByPolicy(faults));
    known = found;
  };

  const observeProgram = (program: NodeProgram): void => {
    if (program === counted) return;
    counted = program;
    for (const family of IP_FAMILIES) metrics.setKernelObjects(family, countObjects(program[family]));
  };

  /** Most large policies are there within a second, which is not worth a line. */
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
    log.info(
      'large policies are brought into the kernel in portions; what they select is closed until all of it is there',
    );
  };

  return (
    {
      reason,
      outcome,
      durationMs,
      changes,
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
    metrics.recordSync({ result, reason, durationMs, endedAt: now() });
    metrics.setReady(outcome !== 'failed');
    if (drift > 0) {
      metrics.recordDriftRepair(new Set(tampering.map(({ kind }) => kind)), drift);
      log.warn('somebody else changed our rules or sets; they are repaired', {
        what: describeTampering(tampering),
        ...(culprits.length > 0 ? { by: culprits } : {}),
        lines: drift,
      });
    }
    metrics.setContested(contested);
    if (contested && !fighting) {
      log.warn(
        'another program keeps putting its rules before ours: what they accept passes every policy until we are first again',
      );
    } else if (fighting && !contested) log.info('no other program takes the place of our rules any more');
    fighting = contested;
    observeFaults(faults);
    for (const direction of DIRECTIONS) metrics.setIsolatedPods(direction, isolatedPods[direction]);
    if (program !== undefined) observeProgram(program);
    if (outcome === 'failed') log.error('the kernel could not be brought up to date; trying again', { reason, error });
    else if (failing) log.info('the kernel is up to date again');
    failing = outcome === 'failed';
    if (outcome === 'applied') {
      const level = reason === 'start' ? 'info' : 'debug';
      log[level]('policy is in force', { reason, changes, milliseconds: Math.round(durationMs * 10) / 10 });
    } else if (outcome === 'unchanged' && reason === 'start') {
      log.info('policy is in force: everything was there already', { reason });
    }
  };
};
