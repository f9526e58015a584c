import type { Direction } from '../model/direction.ts';
import type { LabelSelector } from '../model/labels.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { Protocol } from '../model/protocol.ts';
import type { PolicyFault } from './fault.ts';
import type { IpBlock } from './cidr.ts';

/** One entry of `from` or `to`. */
export type PeerSpec =
  | {
      readonly kind: 'pods';
      /** If absent, every pod of the selected namespaces. */
      readonly podSelector: LabelSelector | undefined;
      /** If absent, the policy's own namespace. */
      readonly namespaceSelector: LabelSelector | undefined;
    }
  | { readonly kind: 'ipBlock'; readonly block: IpBlock };

/** One entry of `ports`. */
export type PortSpec =
  | { readonly kind: 'range'; readonly protocol: Protocol; readonly from: number; readonly to: number }
  | { readonly kind: 'named'; readonly protocol: Protocol; readonly name: string };

/** One entry of `ingress` or `egress`. `'any'`, for a missing or empty list of the API, means no restriction. */
export interface RuleSpec {
  readonly peers: readonly PeerSpec[] | 'any';
  readonly ports: readonly PortSpec[] | 'any';
}

/**
 * A parsed NetworkPolicy. If it has faults, it has no rules: it isolates its pods and allows nothing. An invalid podSelector
 * selects every pod of the namespace, the widest selection that it could mean.
 */
export interface ParsedPolicy {
  readonly key: PolicyKey;
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: LabelSelector;
  readonly directions: readonly Direction[];
  readonly rules: Readonly<Record<Direction, readonly RuleSpec[]>>;
  readonly faults: readonly PolicyFault[];
}
