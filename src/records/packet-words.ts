import type { PodEndpoint } from '../model/pod.ts';
import type { Packet } from '../trace/packet.ts';

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [58, 'ICMPv6'],
  [132, 'SCTP'],
]);

/** Name of an IP protocol, by its number. */
export const protocolName = (protocol: number): string => PROTOCOLS.get(protocol) ?? `protocol ${protocol}`;

const isPolicyProtocol = (name: string): name is 'TCP' | 'UDP' | 'SCTP' =>
  name === 'TCP' || name === 'UDP' || name === 'SCTP';

/** The packet as policies see it. */
export const asPolicySees = (source: string, destination: string, protocol: string, port: number): Packet => ({
  source,
  destination,
  protocol: isPolicyProtocol(protocol) ? protocol : 'other',
  port,
});

/** The name that the pod gives the port. */
export const portNameAt = (pod: PodEndpoint | undefined, protocol: string, port: number): string | undefined =>
  pod?.ports.find((each) => each.protocol === protocol && each.port === port)?.name;
