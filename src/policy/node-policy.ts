import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { Protocol } from '../model/protocol.ts';
import type { PolicyFault } from './fault.ts';
import type { IpBlock } from './cidr.ts';

/** The numbers of a port name at each address where a pod declares it. */
export type PortTargets = ReadonlyMap<string, readonly number[]>;

/** The other end of allowed traffic. */
export type Peer =
  | { readonly kind: 'any' }
  | {
      readonly kind: 'pods';
      /** Equal exactly for peers that select by the same rule. The key and the cluster's state determine `addresses`. */
      readonly key: string;
      /** The selection for people, such as `pods app=web in namespace shop`. */
      readonly text: string;
      /** Addresses of the selected pods that are not on the host network. Live: they follow the cluster. */
      readonly addresses: Readonly<Record<IpFamily, ReadonlySet<string>>>;
    }
  | { readonly kind: 'ipBlock'; readonly block: IpBlock };

/** The ports of the destination. */
export type PortMatch =
  | { readonly kind: 'any' }
  | { readonly kind: 'range'; readonly protocol: Protocol; readonly from: number; readonly to: number }
  | {
      readonly kind: 'named';
      readonly protocol: Protocol;
      readonly name: string;
      /**
       * The addresses of pods that declare the port, with its numbers there; live, as peers are. Undefined for ingress,
       * where the isolated pods are the destinations: see Isolation.namedPorts.
       */
      readonly targets: PortTargets | undefined;
    };

/** The traffic that one rule of a policy allows: any peer of `peers` at any port of `ports`. */
export interface AllowRule {
  readonly policy: PolicyKey;
  /** Position in `spec.ingress` or `spec.egress`. */
  readonly index: number;
  /** In the order of `from` or `to`, with the same indexes. */
  readonly peers: readonly Peer[];
  /** In the order of `ports`. */
  readonly ports: readonly PortMatch[];
}

/**
 * Pods that the same policies isolate in one direction. Only traffic that at least one rule allows may pass
 * (networking.k8s.io/v1). If several pods may own an address, it is in the isolation of each isolated one, and each of
 * these isolations must allow the traffic.
 */
export interface Isolation {
  readonly direction: Direction;
  /** Sorted. Empty for closed pods, see PodEndpoint.closed: they may exchange no traffic. */
  readonly policies: readonly PolicyKey[];
  /** The numbers of the ingress rules' named ports on these pods. Pods with other numbers are in another isolation. */
  readonly namedPorts: string;
  /** Sorted by namespace and name. */
  readonly pods: readonly PodEndpoint[];
  /** In the order of `policies`, then in the order of each policy's rules. */
  readonly rules: readonly AllowRule[];
}

/**
 * A cluster's policies, compiled for one node (or for all nodes). Its live parts change with the compiler that made it: use
 * them within one turn of the event loop.
 */
export interface NodePolicy {
  /** Sorted by direction, policies and named ports. */
  readonly isolations: readonly Isolation[];
  /** Faults of all policies of the cluster. */
  readonly faults: readonly PolicyFault[];
}
