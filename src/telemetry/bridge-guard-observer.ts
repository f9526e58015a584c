import type { Guarantee } from '../bridge/guarantee.ts';
import type { BridgeDrift } from '../reconcile/bridge-writer.ts';
import type { Logger } from './logger.ts';
import type { AgentMetrics } from './metrics.ts';

interface BridgeGuardObserver {
  readonly onGuarantee: (guarantee: Guarantee | undefined) => void;
  readonly onDrift: (drift: BridgeDrift) => void;
}

/** Reports the guarantee on the node's bridges, and drift of their table, as metrics and log lines. */
export const createBridgeGuardObserver = (
  metrics: Pick<AgentMetrics, 'setBridgeGuarantee' | 'recordBridgeDrift'>,
  log: Logger,
): BridgeGuardObserver => ({
  onGuarantee(guarantee) {
    metrics.setBridgeGuarantee(guarantee?.level);
    if (guarantee === undefined) return;
    const { level, reasons } = guarantee;
    if (level === 'full') log.info('bridge ports are enforced with the full guarantee', { guarantee: level });
    else log.warn('the guarantee on bridges is weaker than full', { guarantee: level, reasons });
  },
  onDrift({ kind, by }) {
    metrics.recordBridgeDrift(kind);
    log.warn('another program changed the bridge table; it was repaired', {
      what: kind,
      ...(by === undefined ? {} : { by }),
    });
  },
});
