/** The lowest port of clients (net.ipv4.ip_local_port_range: 32768 to 60999); few servers use ports above it. */
export const FIRST_CLIENT_PORT = 32_768;

/** The end of a TCP connection that opened it: the packet's source or its destination. */
export type Opener = 'source' | 'destination';

/** The ports of a packet. */
interface PortPair {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/**
 * Guesses from the ports which end opened the connection; undefined if both or neither are a client's. A packet in the
 * middle of a connection gives no other hint. A wrong guess opens what was cut: the answers of a server whose clients are
 * denied look like connections of its own, which nothing forbids.
 */
export const openerByPorts = ({ sourcePort, destinationPort }: PortPair): Opener | undefined => {
  const isClient = sourcePort >= FIRST_CLIENT_PORT;
  if (isClient === destinationPort >= FIRST_CLIENT_PORT) return undefined;
  return isClient ? 'source' : 'destination';
};
