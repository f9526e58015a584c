import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** TCP ports that nobody listened on just now at that address. All differ. */
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
