import type { Reconciler } from '../reconcile/reconciler.ts';
import type { NodeLock } from '../kernel/node-lock/node-lock.ts';
import type { Clock } from '../model/clock.ts';
import type { Endpoints } from '../telemetry/endpoints.ts';

/** A healthy loop comes round at every check; so much longer than that means that it hangs, ms. */
const MAX_SILENCE_MS = 120_000;
/** So many failures in a row, and the agent says that it is not ready, while the last rules stay in force. */
export const UNREADY_AFTER_FAILURES = 5;

interface Probed {
  readonly lock: NodeLock;
  readonly reconciler: Pick<Reconciler, 'status'>;
  readonly clock: Clock;
}

/** How the agent is, for `/healthz`, `/readyz` and the health file alike. */
export interface Probes extends Pick<Endpoints, 'health' | 'ready'> {
  /** How long the agent stays healthy if the loop never comes round again; negative once it is not, ms. */
  readonly healthyForMs: () => number;
}

/** What the kubelet's probes are told: ready once policy is in force, healthy as long as the loop comes round. */
export const createProbes = ({ lock, reconciler, clock }: Probed): Probes => ({
  healthyForMs: () => MAX_SILENCE_MS - (clock.now() - reconciler.status().heartbeatAt),
  ready() {
    if (!lock.isHeld()) return { ok: false, reason: `another agent works on this node: ${lock.holder()}` };
    const { ready: programmed, failures, lastError } = reconciler.status();
    if (!programmed) return { ok: false, reason: lastError ?? 'policy is not in force yet' };
    if (failures >= UNREADY_AFTER_FAILURES) return { ok: false, reason: lastError ?? 'the kernel refuses' };
    return { ok: true, reason: 'ok' };
  },
  health() {
    const silence = clock.now() - reconciler.status().heartbeatAt;
    return silence <= MAX_SILENCE_MS
      ? { ok: true, reason: 'ok' }
      : { ok: false, reason: `the loop has not come round for ${Math.round(silence / 1000)} s` };
  },
});
