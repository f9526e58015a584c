import type { Reconciler } from '../reconcile/reconciler.ts';
import type { NodeLock } from '../kernel/node-lock/node-lock.ts';
import type { Clock } from '../model/clock.ts';
import { describePart } from '../telemetry/parts-observer.ts';
import type { Endpoints } from '../telemetry/endpoints.ts';
import { type AgentParts, LASTING_FAILURES } from './parts.ts';

/** A healthy loop runs at every check; after this much longer it counts as hanging. */
const MAX_SILENCE_MS = 120_000;

interface Probed {
  readonly parts: Pick<AgentParts, 'list'>;
  readonly lock: NodeLock;
  readonly reconciler: Pick<Reconciler, 'status'>;
  readonly clock: Clock;
}

/** The state of the agent, for `/healthz`, `/readyz` and the health file. */
export interface Probes extends Pick<Endpoints, 'health' | 'ready'> {
  /** Returns how long, in ms, the agent stays healthy if the loop never runs again; negative once it is not. */
  readonly healthyForMs: () => number;
}

/**
 * Answers the kubelet's probes: the agent is ready once policy is in force, and healthy while the loop runs. Both name a part
 * that is not in force. Such a part makes the agent unready if it leaves something open, and never unhealthy: restarting the
 * agent would repair nothing and stop the other parts.
 */
export const createProbes = ({ parts, lock, reconciler, clock }: Probed): Probes => ({
  healthyForMs: () => MAX_SILENCE_MS - (clock.now() - reconciler.status().heartbeatAt),
  ready() {
    if (!lock.isHeld()) return { ok: false, reason: `another agent works on this node: ${lock.holder()}` };
    const { ready: programmed, failures, lastError } = reconciler.status();
    if (!programmed) return { ok: false, reason: lastError ?? 'policy is not in force yet' };
    const missing = parts.list();
    const open = missing.filter(({ isOpen }) => isOpen);
    if (open.length > 0) return { ok: false, reason: open.map(describePart).join('; ') };
    if (missing.length > 0) return { ok: true, reason: `ready, but ${missing.map(describePart).join('; ')}` };
    if (failures >= LASTING_FAILURES) return { ok: false, reason: lastError ?? 'the kernel refuses' };
    if (failures > 0)
      return { ok: true, reason: `ready, but the newest policy is not in force yet: ${lastError ?? ''}` };
    return { ok: true, reason: 'ok' };
  },
  health() {
    const silence = clock.now() - reconciler.status().heartbeatAt;
    const missing = parts.list();
    return silence <= MAX_SILENCE_MS
      ? { ok: true, reason: missing.length === 0 ? 'ok' : `alive, but ${missing.map(describePart).join('; ')}` }
      : { ok: false, reason: `the loop has not come round for ${Math.round(silence / 1000)} s` };
  },
});
