import type { IpFamily } from '../../model/family.ts';

/** Protocols that a pod's server speaks and probes: Node has no SCTP sockets. */
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
 * How a probe ended. `open`: connected (TCP), or the echo came back (UDP). `timeout`: silence. `refused`: the other end
 * said no, so the packet arrived where nobody listens. `unreachable`: the network has no way there.
 */
export type Outcome = 'open' | 'timeout' | 'refused' | 'unreachable';

/** What a pod's server is asked, one JSON object per line. */
export type PodRequest =
  | {
      readonly op: 'serve';
      readonly id: number;
      /** Who answers: the text of every HTTP response begins with it. */
      readonly name: string;
      readonly families: readonly IpFamily[];
      /** All that is served from now on. */
      readonly ports: readonly ServedPort[];
    }
  | {
      readonly op: 'probe';
      readonly id: number;
      readonly targets: readonly ProbeTarget[];
      readonly timeoutMs: number;
    };

/** Its answer to the request of that id, one JSON object per line. */
export type PodResponse =
  /** `failures`: ports that could not be served, in words. */
  | { readonly op: 'serve'; readonly id: number; readonly failures: readonly string[] }
  /** In the order of the targets. */
  | { readonly op: 'probe'; readonly id: number; readonly outcomes: readonly Outcome[] };
