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

/** A Service with its addresses and endpoints. */
export interface PlayService extends ServiceSpec {
  readonly namespace: string;
  readonly name: string;
  /** The addresses of its name: the ClusterIPs, or the pods of a headless Service. */
  readonly resolvesTo: readonly string[];
}

/** Everything that the playground shows: every pod has a node and addresses. */
export interface World {
  readonly snapshot: ClusterSnapshot;
  readonly services: readonly PlayService[];
  readonly externals: readonly External[];
}
