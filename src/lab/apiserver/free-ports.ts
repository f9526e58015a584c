import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Returns different TCP ports of an address on which nothing was listening just now. */
export const freePorts = async (address: string, count: number): Promise<readonly number[]> => {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    const ports: number[] = [];
    for (const server of servers) {
      server.listen(0, address);
      await once(server, 'listening');
      ports.push((server.address() as AddressInfo).port);
    }
    return ports;
  } finally {
    for (const server of servers) server.close();
  }
};
