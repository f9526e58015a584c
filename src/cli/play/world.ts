import type { ServiceSpec } from '../../lab/service.ts';
import type { Protocol } from '../../model/protocol.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';

export interface MachinePort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** A machine outside the cluster. */
export interface External {
  readonly name: string;
  readonly ip: string;
  readonly ports: readonly MachinePort[];
}

/** A Service with its addresses, and what stands behind its ports. */
export interface PlayService extends ServiceSpec {
  readonly namespace: string;
  readonly name: string;
  /** What its name resolves to: the ClusterIPs, or the pods of a headless Service. */
  readonly resolvesTo: readonly string[];
}

/** All that the playground shows: every pod has a node and addresses. */
export interface World {
  readonly snapshot: ClusterSnapshot;
  readonly services: readonly PlayService[];
  readonly externals: readonly External[];
}
