/** Clients take their ports from here on (net.ipv4.ip_local_port_range: 32768 to 60999); few servers are there. */
export const FIRST_CLIENT_PORT = 32_768;

/** Which end of a TCP connection opened it: the source of the packet that is looked at, or its destination. */
export type Opener = 'source' | 'destination';

/** The ports of a packet. */
interface PortPair {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/**
 * Which end opened the connection, as far as the ports tell; undefined where both are a client's or neither is. A packet in
 * the middle of a connection does not tell it otherwise, and a wrong guess opens what was cut: the answers of a server whose
 * clients are shut out look like connections of its own, which nothing forbids.
 */
export const openerByPorts = ({ sourcePort, destinationPort }: PortPair): Opener | undefined => {
  const isClient = sourcePort >= FIRST_CLIENT_PORT;
  if (isClient === destinationPort >= FIRST_CLIENT_PORT) return undefined;
  return isClient ? 'source' : 'destination';
};
