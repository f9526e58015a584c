import type { Direction } from '../model/direction.ts';
import { describeEnd, type End, endKey } from './end.ts';
import type { Reason } from './reason.ts';

/** Who talks to whom, or tried to, and what decided. */
export interface Edge {
  readonly verdict: 'allowed' | 'denied';
  /** The side whose policies decided: `egress` the source's, `ingress` the destination's. Absent where no policy did. */
  readonly direction?: Direction;
  /** Of a denied edge. */
  readonly reason?: Reason;
  readonly source: End;
  readonly destination: End;
  /** The destination before translation, if it was translated: `10.96.0.10:80`, an address of a Service. */
  readonly service?: string;
  /** `TCP`, `UDP`, `SCTP`, `ICMP`, `ICMPv6`, or `protocol 47`. */
  readonly protocol: string;
  /** 0 where the protocol has none. */
  readonly port: number;
  /** As the destination's pod declares the port. */
  readonly portName?: string;
  /** Denied: the policies that isolate the pod in the direction. Allowed: the one whose rule allows it. `namespace/name`. */
  readonly policies: readonly string[];
  /** Denied: the nearest rule and what it lacks. Allowed: the rule. In words. */
  readonly rule?: string;
  /**
   * Of the pod at the other end, where the nearest rule does not mean it: its values of the labels that the rule names, `role=admin`.
   * Readers who may not know that pod get the record without them.
   */
  readonly farLabels?: string;
  /**
   * The source that the packet says it has, where that is another's: `source` is the pod that sent it. A MAC as an end of a link.
   */
  readonly sentAs?: End;
  /** Denied, where no rule of a policy decides: what is wrong with the packet, in words. */
  readonly detail?: string;
}

/** An edge as it was met on a node. */
export interface FlowRecord extends Edge {
  /** When it was met, or met last, ISO 8601. */
  readonly at: string;
  readonly node: string;
}

/** An edge with how often it was met. */
export interface StoredFlow extends FlowRecord {
  /** When it was met first, ISO 8601. */
  readonly since: string;
  /** Denied: packets that were reported, up to one a second. Allowed: looks at live connections that found it. */
  readonly count: number;
}

/** Text that is equal for records of the same edge over time, whichever pods of the workloads it was. */
export const edgeKey = (edge: Edge): string =>
  [
    edge.verdict,
    edge.direction ?? '',
    edge.reason ?? '',
    endKey(edge.source),
    endKey(edge.destination),
    edge.service ?? '',
    edge.protocol,
    edge.port,
    edge.policies.join(' '),
    // A pod that makes up addresses of outside is to fill no store.
    edge.sentAs === undefined ? '' : edge.sentAs.kind === 'pod' ? endKey(edge.sentAs) : edge.sentAs.kind,
  ].join('|');

/** `TCP 80 (http)`, `ICMP`. */
export const describeService = ({ protocol, port, portName }: Edge): string =>
  [protocol, ...(port === 0 ? [] : [port]), ...(portName === undefined ? [] : [`(${portName})`])].join(' ');

/** Returns what is wrong with the packet itself: `sent as shop/web: the source address is not that of the pod at this port`. */
export const describeFault = ({ sentAs, detail, at }: FlowRecord): string | undefined =>
  sentAs === undefined || detail === undefined ? detail : `sent as ${describeEnd(sentAs, Date.parse(at))}: ${detail}`;

/** Returns the rule in words, with the labels of the pod at the other end: `… only from pods role=client; shop/gone has role=admin`. */
export const describeRule = ({ rule, farLabels, direction, source, destination }: Edge): string | undefined => {
  const far = direction === 'egress' ? destination : source;
  if (rule === undefined || farLabels === undefined || far.kind !== 'pod') return rule;
  return `${rule}; ${far.namespace}/${far.name} has ${farLabels}`;
};
