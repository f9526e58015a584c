import type { PodEndpoint } from '../model/pod.ts';
import type { PortMatch } from '../policy/node-policy.ts';
import { resolvePort } from '../policy/pod-ports.ts';
import type { Packet } from './packet.ts';
import type { Entry, PortMiss } from './trace.ts';

/**
 * Returns why an entry of `ports` does not match the packet; undefined if it matches. A named port is the number that the
 * destination pod declares under that name.
 */
export const portMiss = (
  entry: Entry<PortMatch>,
  { protocol, port, destination: address }: Packet,
  destination: PodEndpoint | undefined,
): PortMiss | undefined => {
  const { match } = entry;
  if (match.kind === 'any') return undefined;
  if (match.protocol !== protocol) return { kind: 'protocol', entry };
  if (match.kind === 'range') return port >= match.from && port <= match.to ? undefined : { kind: 'number', entry };
  const declared = destination === undefined ? [] : resolvePort(destination, match.protocol, match.name);
  const numbers = match.targets?.get(address) ?? declared;
  if (numbers.length === 0) return { kind: 'undeclared', entry };
  return numbers.includes(port) ? undefined : { kind: 'number', entry };
};
