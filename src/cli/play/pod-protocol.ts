import type { IpFamily } from '../../model/family.ts';

/** Protocols that a pod's server serves and probes: Node has no SCTP sockets. */
export type ProbeProtocol = 'TCP' | 'UDP';

export const PROBE_PROTOCOLS: readonly ProbeProtocol[] = ['TCP', 'UDP'];

export interface ServedPort {
  readonly protocol: ProbeProtocol;
  readonly port: number;
}

export interface ProbeTarget extends ServedPort {
  readonly ip: string;
}

/**
 * The outcome of a probe. `open`: connected (TCP), or the echo came back (UDP). `timeout`: no answer. `refused`: the packet
 * arrived, but nothing listens there. `unreachable`: the network has no route.
 */
export type Outcome = 'open' | 'timeout' | 'refused' | 'unreachable';

/** A request to a pod's server, one JSON object per line. */
export type PodRequest =
  | {
      readonly op: 'serve';
      readonly id: number;
      /** The pod's name: the text of every HTTP response begins with it. */
      readonly name: string;
      readonly families: readonly IpFamily[];
      /** All ports to serve from now on. */
      readonly ports: readonly ServedPort[];
    }
  | {
      readonly op: 'probe';
      readonly id: number;
      readonly targets: readonly ProbeTarget[];
      readonly timeoutMs: number;
    };

/** The answer to the request with the same id, one JSON object per line. */
export type PodResponse =
  /** `failures`: ports that could not be served, for people. */
  | { readonly op: 'serve'; readonly id: number; readonly failures: readonly string[] }
  /** In the order of the targets. */
  | { readonly op: 'probe'; readonly id: number; readonly outcomes: readonly Outcome[] };
