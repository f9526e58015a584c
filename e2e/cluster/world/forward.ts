import { connect, type Server, type Socket } from 'node:net';

/** Joins two connections until either ends. */
const join = (near: Socket, far: Socket): void => {
  near.pipe(far).pipe(near);
  // An error of one side is followed by its close, which ends the other.
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
};

/**
 * Forwards connections of `server` to host:port. The server's socket stays in the network namespace where it was made, and
 * connections to `host` start in ours, so this connects two namespaces.
 */
export const forward = (server: Server, host: string, port: number): void => {
  server.on('connection', (near) => {
    join(near, connect({ host, port }));
  });
};
