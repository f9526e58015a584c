import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { IpFamily } from '../../model/family.ts';
import type { ServedPort } from './pod-protocol.ts';

/** A port that is served on the wildcard address of one family. */
export interface Listening {
  close(): void;
}

const WILDCARD: Readonly<Record<IpFamily, string>> = { ipv4: '0.0.0.0', ipv6: '::' };

const serveHttp = (name: string, port: number, family: IpFamily): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', connection: 'close' });
      response.end(`${name} answers ${request.method ?? 'GET'} on port ${port}\n`);
    });
    server.once('error', reject);
    server.listen({ port, host: WILDCARD[family], ipv6Only: family === 'ipv6' }, () => {
      resolve({
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
    });
  });

const serveEcho = (port: number, family: IpFamily): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const socket = createSocket({ type: family === 'ipv6' ? 'udp6' : 'udp4', ipv6Only: family === 'ipv6' });
    socket.once('error', reject);
    socket.on('message', (message, from) => {
      socket.send(message, from.port, from.address, () => undefined);
    });
    socket.bind({ port, address: WILDCARD[family] }, () => {
      // Later errors, such as an ICMP error to an echo, concern one datagram.
      socket.on('error', () => undefined);
      resolve({
        close() {
          socket.close();
        },
      });
    });
  });

/** Serves HTTP on a TCP port, echo on a UDP port. @throws if the port is not available */
export const servePort = (name: string, { protocol, port }: ServedPort, family: IpFamily): Promise<Listening> =>
  protocol === 'TCP' ? serveHttp(name, port, family) : serveEcho(port, family);
