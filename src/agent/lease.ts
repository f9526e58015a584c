import { type LeaseKeeper, startLeaseKeeper } from '../cluster/lease/lease-keeper.ts';
import type { SourceStatus } from '../cluster/source.ts';
import { type ObjectKind, OBJECT_KINDS } from '../model/cluster-change.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { ReconcilerStatus } from '../reconcile/status.ts';
import { findApiServer } from './connect.ts';
import type { AgentContext } from './context.ts';
import type { EnforcementState } from './enforcement-state.ts';

interface LeaseSources {
  readonly enforcement: () => EnforcementState;
  readonly loop: () => ReconcilerStatus;
  readonly source: () => SourceStatus;
  readonly faults: () => readonly PolicyFault[];
  /** Reports whether this agent has the node: only then it speaks for it. */
  readonly isOurs: () => boolean;
}

const NONE: Readonly<Record<ObjectKind, string>> = { pods: '', namespaces: '', networkpolicies: '' };

/**
 * Returns the resourceVersions up to which the cluster's state is in force. While no change waits, all that was seen is in
 * force: what came since the last pass does not matter to policy.
 */
export const versionsInForce = (loop: ReconcilerStatus, source: SourceStatus): Readonly<Record<ObjectKind, string>> => {
  if (!loop.ready) return NONE;
  const versions = loop.pending
    ? loop.appliedResourceVersions
    : Object.fromEntries(OBJECT_KINDS.map((kind) => [kind, source[kind].resourceVersion]));
  return { ...NONE, ...versions };
};

/** Renews the agent's Lease; undefined where that is off, or the agent reads a folder of manifests. */
export const startLease = (context: AgentContext, sources: LeaseSources): LeaseKeeper | undefined => {
  const { config, clock, log, version } = context;
  const connect = findApiServer(context);
  if (connect === undefined || config.lease === undefined) return undefined;
  return startLeaseKeeper({
    connect,
    clock,
    random: Math.random,
    home: config.lease,
    node: config.nodeName,
    content() {
      if (!sources.isOurs()) return undefined;
      const { level, since, reasons } = sources.enforcement();
      return {
        ...versionsInForce(sources.loop(), sources.source()),
        level,
        since,
        reason: reasons.join('; '),
        faulty: [...new Set(sources.faults().map(({ policy }) => policy))],
        version,
      };
    },
    onTrouble(trouble) {
      if (trouble === undefined) log.info('renewing the Lease works again');
      else log.warn('cannot renew the Lease; policies are still enforced', { trouble });
    },
  });
};
