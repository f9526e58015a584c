import type { Server, Socket } from 'node:net';

/** Scrapers are few and fast, so more connections than this are not theirs. */
const MAX_CONNECTIONS = 64;
/** Number of these that are reserved for people and scripts on the node itself. */
const KEPT_FOR_THE_NODE = 16;

/** Returns an IPv4 peer's plain address, which a socket of both families shows as a mapped one. */
const plain = (address: string | undefined): string => (address ?? '').replace(/^::ffff:/, '');

const isFromThisNode = ({ remoteAddress, localAddress }: Socket): boolean => {
  const peer = plain(remoteAddress);
  return peer === '::1' || peer.startsWith('127.') || peer === plain(localAddress);
};

/** Closes connections from elsewhere at once while too many are open. */
export const limitConnections = (server: Server): void => {
  let fromElsewhere = 0;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket: Socket) => {
    if (isFromThisNode(socket)) return;
    if (fromElsewhere >= MAX_CONNECTIONS - KEPT_FOR_THE_NODE) {
      socket.destroy();
      return;
    }
    fromElsewhere += 1;
    socket.once('close', () => {
      fromElsewhere -= 1;
    });
  });
};
