import { describePod } from '../../trace/describe.ts';
import { UsageError } from '../verb.ts';
import type { Endpoint } from './resolve.ts';
import type { ProtocolPort } from './target-text.ts';

/** One end of a packet. */
export interface Socket {
  readonly name: string;
  readonly ip: string;
  /** Present if it differs from the port in question: behind a Service. */
  readonly port?: number;
}

/** Names the owner of an address: a pod, or the address itself. */
type NameOf = (ip: string) => string;

const podSockets = (endpoint: Extract<Endpoint, { readonly pods: unknown }>): readonly Socket[] =>
  endpoint.pods.flatMap((pod) => pod.ips.map((ip) => ({ name: describePod(pod), ip })));

/**
 * The addresses that packets from an endpoint come from.
 * @throws UsageError for the outside as a whole
 */
export const sourcesOf = (endpoint: Endpoint, option: string): readonly Socket[] => {
  switch (endpoint.kind) {
    case 'pods':
    case 'service':
      return podSockets(endpoint);
    case 'address':
      return [{ name: endpoint.address, ip: endpoint.address }];
    case 'outside':
      throw new UsageError(`${option} outside: name an address instead, for example 203.0.113.7`);
  }
};

/**
 * The addresses, and behind a Service the ports, that packets to an endpoint arrive at.
 * @throws UsageError for the outside as a whole, and where the Service does not serve the port
 */
export const destinationsOf = (
  endpoint: Endpoint,
  option: string,
  target: ProtocolPort,
  nameOf: NameOf,
): readonly Socket[] =>
  endpoint.kind === 'service'
    ? endpoint.backends.behind(target).map(({ ip, port }) => ({ name: nameOf(ip), ip, port }))
    : sourcesOf(endpoint, option);
