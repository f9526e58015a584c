import { Counter, Gauge, type Registry } from 'prom-client';
import { DROP_REASONS, type DropReason } from '../bridge/bridge-program.ts';
import { type GuaranteeLevel, GUARANTEES } from '../bridge/guarantee.ts';
import { BRIDGE_DRIFTS, type BridgeDrift } from '../reconcile/bridge-writer.ts';

/** The metrics of the node's bridges. */
export interface BridgeMetrics {
  /** @param level undefined if no pod of the node is attached to a bridge */
  setBridgeGuarantee(level: GuaranteeLevel | undefined): void;
  recordBridgeDrift(kind: BridgeDrift['kind']): void;
  /** @param packets dropped packets since the table was made, by reason */
  setBridgeDrops(packets: ReadonlyMap<DropReason, number>): void;
}

export const registerBridgeMetrics = (registry: Registry): BridgeMetrics => {
  const registers = [registry];
  const guarantee = new Gauge({
    name: 'portcullis_guarantee',
    help: "1 for the guarantee that holds between this node's pods, by kind of network.",
    labelNames: ['network', 'level'],
    registers,
  });
  const drifts = new Counter({
    name: 'portcullis_bridge_drift_repairs_total',
    help: 'Number of repairs of the nftables bridge table after another program changed it, by kind of change.',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of BRIDGE_DRIFTS) drifts.inc({ kind }, 0);
  const drops = new Counter({
    name: 'portcullis_bridge_dropped_packets_total',
    help: 'Number of packets dropped by the nftables bridge table, by reason.',
    labelNames: ['reason'],
    registers,
  });
  return {
    setBridgeGuarantee(level) {
      guarantee.reset();
      if (level === undefined) return;
      for (const each of GUARANTEES) guarantee.set({ network: 'bridge', level: each }, each === level ? 1 : 0);
    },
    recordBridgeDrift: (kind) => {
      drifts.inc({ kind });
    },
    setBridgeDrops(packets) {
      drops.reset();
      for (const reason of DROP_REASONS) drops.inc({ reason }, packets.get(reason) ?? 0);
    },
  };
};
