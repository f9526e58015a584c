import type { Reconciler } from '../reconcile/reconciler.ts';
import type { NodeLock } from '../kernel/node-lock/node-lock.ts';
import type { Clock } from '../model/clock.ts';
import { describePart } from '../telemetry/parts-observer.ts';
import type { Endpoints } from '../telemetry/endpoints.ts';
import { type AgentParts, LASTING_FAILURES } from './parts.ts';

/** A healthy loop comes round at every check; so much longer than that means that it hangs, ms. */
const MAX_SILENCE_MS = 120_000;

interface Probed {
  readonly parts: Pick<AgentParts, 'list'>;
  readonly lock: NodeLock;
  readonly reconciler: Pick<Reconciler, 'status'>;
  readonly clock: Clock;
}

/** How the agent is, for `/healthz`, `/readyz` and the health file alike. */
export interface Probes extends Pick<Endpoints, 'health' | 'ready'> {
  /** How long the agent stays healthy if the loop never comes round again; negative once it is not, ms. */
  readonly healthyForMs: () => number;
}

/**
 * What the kubelet's probes are told: ready once policy is in force, healthy as long as the loop comes round. A part that is not
 * in force is named by both; it makes the agent unready where it leaves something open, and never unhealthy, since to start the
 * agent anew mends nothing and takes the other parts down with it.
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
