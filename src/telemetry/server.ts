import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../config/listen-address.ts';
import { answer, type Endpoints, type Reply } from './endpoints.ts';

export interface TelemetryServer {
  /** `http://host:port` as it listens, with the port that the kernel chose if 0 was asked for. */
  readonly url: string;
  /** Ends at once, also connections that are kept alive. */
  close(): Promise<void>;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EADDRNOTAVAIL: 'no interface has that address',
  EACCES: 'not permitted',
  ENOTFOUND: 'the host name is not known',
};

/** The address cannot be listened on. */
export class ListenError extends Error {
  constructor(address: string, cause: NodeJS.ErrnoException) {
    const reason = REASONS[cause.code ?? ''] ?? cause.message;
    super(
      `cannot listen on ${address}: ${reason}; choose another address with --listen (PORTCULLIS_LISTEN), 0 for none`,
    );
    this.name = 'ListenError';
    this.cause = cause;
  }
}

/** Scrapers and probes are few and quick; more connections than this are somebody else's. */
const MAX_CONNECTIONS = 64;
const REQUEST_TIMEOUT_MS = 10_000;

const hostText = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const addressText = ({ host, port }: ListenAddress): string => `${host === undefined ? '' : hostText(host)}:${port}`;

const urlOf = (server: Server): string => {
  // A TCP server that listens has an address of this form; a path or null is for pipes and closed servers.
  const { address, port } = server.address() as AddressInfo;
  return `http://${hostText(address)}:${port}`;
};

const handle = async (request: IncomingMessage, endpoints: Endpoints): Promise<Reply> => {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, type: 'text/plain', body: 'GET only\n' };
  const [path = '/'] = (request.url ?? '/').split('?');
  return answer(path, endpoints);
};

const listen = async (server: Server, { host, port }: ListenAddress): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });

/**
 * Serves /metrics, /healthz, /readyz and /status over plain HTTP.
 * @throws ListenError if the address cannot be listened on
 */
export const serveTelemetry = async (address: ListenAddress, endpoints: Endpoints): Promise<TelemetryServer> => {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    void handle(request, endpoints).then(({ status, type, body }) => {
      response.writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    await listen(server, address);
  } catch (error) {
    throw new ListenError(addressText(address), error as NodeJS.ErrnoException);
  }
  return {
    url: urlOf(server),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};
