import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../config/listen-address.ts';
import { type Access, OPEN_ACCESS } from './access.ts';
import { limitConnections } from './connection-limit.ts';
import { answer, type Endpoints, type Reply } from './endpoints.ts';
import { followTls, readTls, type TlsWatch } from './tls.ts';

export interface TelemetryServer {
  /** `http://host:port`, or https, with the port that the kernel chose if 0 was configured. */
  readonly url: string;
  /** Ends at once, including kept-alive connections. */
  close(): Promise<void>;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there',
  EADDRNOTAVAIL: 'no interface has that address',
  EACCES: 'not permitted',
  ENOTFOUND: 'the host name is not known',
};

/** The server cannot listen on the address. */
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

/**
 * Maximum time of a request's arrival, or a handshake. Node itself limits headers to 16 KiB, and kept-alive connections
 * without a request to 5 s.
 */
const PATIENCE_MS = 10_000;
/** Interval at which connections are checked for that. */
const LOOK_EVERY_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;
/** An idle connection is closed after up to twice this time, such as one of a peer that does not read its answer. */
const IDLE_MS = 10_000;

const LIMITS = {
  requestTimeout: PATIENCE_MS,
  headersTimeout: PATIENCE_MS,
  connectionsCheckingInterval: LOOK_EVERY_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
} as const;

const hostText = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const addressText = ({ host, port }: ListenAddress): string => `${host === undefined ? '' : hostText(host)}:${port}`;

const urlOf = (server: Server, scheme: 'http' | 'https'): string => {
  // A listening TCP server has an address of this form; a path or null is for pipes and closed servers.
  const { address, port } = server.address() as AddressInfo;
  return `${scheme}://${hostText(address)}:${port}`;
};

const TEXT = 'text/plain; charset=utf-8';

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

const replyTo = async (request: IncomingMessage, endpoints: Endpoints, access: Access): Promise<Reply> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, type: TEXT, body: 'GET only\n' };
  const [path = '/'] = (request.url ?? '/').split('?');
  const admission = await access.admit(request.headers, path);
  return admission.admitted
    ? answer(path, endpoints)
    : { status: admission.status, type: TEXT, body: `${admission.reason}\n` };
};

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  endpoints: Endpoints,
  access: Access,
): Promise<void> => {
  const { status, type, body } = await replyTo(request, endpoints, access);
  // The body is not read: the connection ends instead of waiting for it.
  if (hasBody(request)) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
};

const listen = async (server: Server, { host, port }: ListenAddress): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

interface Opened {
  readonly server: Server;
  readonly scheme: 'http' | 'https';
  /** Ends the work beside the server. */
  readonly end: () => void;
}

const openServer = async (listener: Listener, tls: TlsSettings | undefined): Promise<Opened> => {
  if (tls === undefined) return { server: createServer(LIMITS, listener), scheme: 'http', end: () => undefined };
  const options = await readTls(tls.files);
  const server = createTlsServer({ ...options, ...LIMITS, handshakeTimeout: PATIENCE_MS }, listener);
  const use = server.setSecureContext.bind(server);
  return { server, scheme: 'https', end: followTls({ ...tls, options, use }) };
};

/** The settings of a TLS server beside its files. */
type TlsSettings = Pick<TlsWatch, 'files' | 'onTrouble' | 'readAgainMs'>;

/** How the endpoints are protected. */
export interface ServerSettings {
  /** If absent, everybody may read everything. */
  readonly access?: Access | undefined;
  /** If absent, plain HTTP. */
  readonly tls?: TlsSettings | undefined;
}

/**
 * Serves /metrics, /healthz, /readyz and /status.
 * @throws ListenError if the server cannot listen on the address; TlsError
 */
export const serveTelemetry = async (
  address: ListenAddress,
  endpoints: Endpoints,
  { access = OPEN_ACCESS, tls }: ServerSettings = {},
): Promise<TelemetryServer> => {
  const { server, scheme, end } = await openServer((request, response) => {
    void respond(request, response, endpoints, access);
  }, tls);
  limitConnections(server);
  server.setTimeout(IDLE_MS);
  try {
    await listen(server, address);
  } catch (error) {
    end();
    throw new ListenError(addressText(address), error as NodeJS.ErrnoException);
  }
  return {
    url: urlOf(server, scheme),
    close: async () => {
      end();
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
};
