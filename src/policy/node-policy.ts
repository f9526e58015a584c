import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { Protocol } from '../model/protocol.ts';
import type { PolicyFault } from './fault.ts';
import type { IpBlock } from './ip-block.ts';

/** For each address at which a port name is declared, the numbers that it stands for there. */
export type PortTargets = ReadonlyMap<string, readonly number[]>;

/** Who may be at the other end. */
export type Peer =
  | { readonly kind: 'any' }
  | {
      readonly kind: 'pods';
      /** Equal exactly for peers that select by the same rule; `members` follow from it and the cluster's state. */
      readonly key: string;
      /** The selection in words, e.g. `pods app=web in namespace shop`. */
      readonly text: string;
      /** The addresses of the selected pods, those on the host network left out. Live: they follow the cluster. */
      readonly addresses: Readonly<Record<IpFamily, ReadonlySet<string>>>;
    }
  | { readonly kind: 'ipBlock'; readonly block: IpBlock };

/** To which ports of the destination. */
export type PortMatch =
  | { readonly kind: 'any' }
  | { readonly kind: 'range'; readonly protocol: Protocol; readonly from: number; readonly to: number }
  | {
      readonly kind: 'named';
      readonly protocol: Protocol;
      readonly name: string;
      /**
       * Where pods declare the port, and the numbers that it stands for there; live, as peers are. Undefined for ingress:
       * there the isolated pods are the destinations, see Isolation.namedPorts.
       */
      readonly targets: PortTargets | undefined;
    };

/** What one rule of one policy allows: a peer of `peers` at a port of `ports`. */
export interface AllowRule {
  readonly policy: PolicyKey;
  /** Position in `spec.ingress` or `spec.egress`. */
  readonly index: number;
  /** In the order of `from` or `to`, so that a position here is one there. */
  readonly peers: readonly Peer[];
  /** In the order of `ports`. */
  readonly ports: readonly PortMatch[];
}

/**
 * Pods that are isolated in one direction by the same policies. Only what a rule allows may pass; the union of all
 * rules counts (networking.k8s.io/v1). An address that more than one pod may have is in an isolation of each that is
 * isolated, and each has to allow what passes.
 */
export interface Isolation {
  readonly direction: Direction;
  /** Sorted. None for pods that are closed, see PodEndpoint.closed: nothing is allowed there. */
  readonly policies: readonly PolicyKey[];
  /** How the named ports of ingress rules resolve on these pods; pods that differ in it are in different isolations. */
  readonly namedPorts: string;
  /** Sorted by namespace and name. */
  readonly pods: readonly PodEndpoint[];
  /** In the order of `policies`, then of the rules in each. */
  readonly rules: readonly AllowRule[];
}

/**
 * All that the policies of a cluster ask of one node (or of all nodes). What is live in it changes with the compiler that
 * made it: a reader of a running compiler's policy uses it within one turn of the event loop.
 */
export interface NodePolicy {
  /** Sorted by direction, policies and named ports. */
  readonly isolations: readonly Isolation[];
  /** What could not be compiled, of all policies of the cluster. */
  readonly faults: readonly PolicyFault[];
}
