import { type Clock, isoTime } from '../model/clock.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { Logger } from '../telemetry/logger.ts';
import { describePart } from '../telemetry/parts-observer.ts';
import type { AgentParts } from './parts.ts';
import type { Probes } from './probes.ts';

/**
 * Whether the node enforces its policies. `enforcing`: all of them. `in part`: a part of enforcement is not in force, and the
 * agent is ready all the same. `not enforcing`: the agent is not ready.
 */
export type EnforcementLevel = 'enforcing' | 'in part' | 'not enforcing';

/** The state that `/readyz`, the ready metric, the log, `portcullis status` and the agent's Lease report. */
export interface EnforcementState {
  readonly level: EnforcementLevel;
  /** Since when the level holds, ISO 8601. */
  readonly since: string;
  /** Why it is not `enforcing`, one sentence each. */
  readonly reasons: readonly string[];
}

/** Knows how the node enforces its policies, and since when. */
export interface EnforcementStates {
  /** Reads the state now, and reports a change. */
  observe(): EnforcementState;
  /** The same after a pass. Before the first one nothing is logged: an agent that starts does not enforce yet. */
  notePass(): void;
}

interface StateSources {
  readonly ready: Probes['ready'];
  readonly parts: Pick<AgentParts, 'list'>;
  readonly metrics: Pick<AgentMetrics, 'setReady'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Called when the level changed. */
  readonly onChange: () => void;
}

export const createEnforcementStates = (sources: StateSources): EnforcementStates => {
  const { ready, parts, metrics, clock, log, onChange } = sources;
  let level: EnforcementLevel = 'not enforcing';
  let since = clock.now();
  let hasPassed = false;
  let logged: EnforcementLevel | undefined;

  const read = (): Pick<EnforcementState, 'level' | 'reasons'> => {
    const { ok, reason } = ready();
    if (!ok) return { level: 'not enforcing', reasons: [reason] };
    const missing = parts.list().map(describePart);
    return { level: missing.length === 0 ? 'enforcing' : 'in part', reasons: missing };
  };

  const states: EnforcementStates = {
    observe() {
      const now = read();
      metrics.setReady(now.level !== 'not enforcing');
      if (now.level !== level) {
        level = now.level;
        since = clock.now();
        onChange();
      }
      if (hasPassed && level !== logged) {
        logged = level;
        if (level === 'enforcing') log.info('this node enforces all of its policies');
        else log.warn('this node does not enforce all of its policies', { level, reasons: now.reasons });
      }
      return { ...now, since: isoTime(clock, since) };
    },
    notePass() {
      hasPassed = true;
      states.observe();
    },
  };
  return states;
};
