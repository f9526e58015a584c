import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { AllowRule, Peer, PortMatch } from '../policy/node-policy.ts';
import type { Packet } from './packet.ts';

/** An entry of a rule's `from`, `to` or `ports`: its index, and what it compiled to. */
export interface Entry<Match> {
  readonly index: number;
  readonly match: Match;
}

/** The rule that let a packet pass, with the first peer and port entries that matched. */
export interface Allowance {
  readonly policy: PolicyKey;
  /** Position in `spec.ingress` or `spec.egress`. */
  readonly rule: number;
  readonly peer: Entry<Peer>;
  readonly port: Entry<PortMatch>;
}

/** Why an entry of `ports` did not match. */
export type PortMiss =
  | { readonly kind: 'protocol'; readonly entry: Entry<PortMatch> }
  | { readonly kind: 'number'; readonly entry: Entry<PortMatch> }
  /** A named port that the destination does not declare, or a destination that is not a pod. */
  | { readonly kind: 'undeclared'; readonly entry: Entry<PortMatch> };

/** Why one policy, or one rule of it, did not allow a packet. */
export type Miss =
  | {
      readonly kind: 'rule';
      readonly policy: PolicyKey;
      readonly rule: number;
      /** The first entry that matches; undefined if none does: then the peer is (part of) what is missing. */
      readonly peer: Entry<Peer> | undefined;
      /** Empty if a port matches, else one for each entry of `ports`. */
      readonly portMisses: readonly PortMiss[];
      readonly compiled: AllowRule;
    }
  | { readonly kind: 'no-rules'; readonly policy: PolicyKey }
  | { readonly kind: 'fault'; readonly policy: PolicyKey; readonly faults: readonly PolicyFault[] };

/** The verdict of one end's policies on a packet. */
export type SideTrace =
  | {
      readonly kind: 'open';
      readonly direction: Direction;
      /** The pod at this end, which no policy isolates; undefined if the end is not a pod of the node. */
      readonly subject: PodEndpoint | undefined;
    }
  | {
      readonly kind: 'allowed';
      readonly direction: Direction;
      readonly subject: PodEndpoint;
      readonly policies: readonly PolicyKey[];
      readonly by: Allowance;
    }
  | {
      readonly kind: 'denied';
      readonly direction: Direction;
      readonly subject: PodEndpoint;
      readonly policies: readonly PolicyKey[];
      /** In the order of the policies, then of the rules in each. */
      readonly misses: readonly Miss[];
    };

/** Why policies do not apply: a pod always reaches itself, and a pod and its own node always reach each other. */
export type Exemption =
  | { readonly kind: 'same-pod'; readonly pod: PodEndpoint }
  | { readonly kind: 'own-node'; readonly pod: PodEndpoint; readonly node: string };

/** The verdict on a packet, and why. */
export interface Trace {
  readonly packet: Packet;
  readonly verdict: 'allow' | 'deny';
  /** If present, the verdict is 'allow' whatever the sides say. */
  readonly exemption: Exemption | undefined;
  /** The source's side. */
  readonly egress: SideTrace;
  /** The destination's side. */
  readonly ingress: SideTrace;
}
