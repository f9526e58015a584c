import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Entry, Meta } from '../page/entries.ts';
import { createJournal } from '../page/journal.ts';
import type { Asset } from './assets.ts';
import { type AskedRequest, createGate } from './gate.ts';
import { createHub } from './stream.ts';
import { messageOf } from '../model/message-of.ts';

/** What a playground does on behalf of the page. A folder and a cluster have none: nothing is written there. */
export interface PageActions {
  /** Applies policies (YAML) in the playground. @returns a message for people @throws Error for invalid YAML */
  apply(yaml: string): Promise<string>;
  /** Shows a step of a story, and tries its connections. @param step from 0; -1 is the story's beginning */
  tell(story: number, step: number): Promise<string>;
  /** Tries a connection with a real client. @returns its answer in words */
  attempt(connection: {
    readonly source: string;
    readonly destination: string;
    readonly protocol: string;
    readonly port: number;
  }): Promise<string>;
}

export interface PageServerOptions {
  /** See readAssets. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** Port of 127.0.0.1; 0 is any. */
  readonly port: number;
  readonly actions?: PageActions;
  /** Called with a link that is good once: at the start, and whenever one was used. */
  readonly onLink: (link: string) => void;
}

/** Serves the page on this machine's own loopback. */
export interface PageServer {
  publish(meta: Omit<Meta, 'leftOut'>, entries: Iterable<Entry>): void;
  readonly port: number;
  close(): void;
}

/** No script but the page's own files, no other server, no frame around it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** A policy has up to 1.5 MB in etcd; nothing that the page sends is larger. */
const MAX_BODY = 2 << 20;

const REQUEST_MS = 30_000;

class BadRequest extends Error {}

const asked = ({ method = 'GET', headers }: IncomingMessage): AskedRequest => {
  const site = headers['sec-fetch-site'];
  return {
    method,
    host: headers.host,
    origin: headers.origin,
    fetchSite: typeof site === 'string' ? site : undefined,
    authorization: headers.authorization,
  };
};

interface Reply {
  readonly status: number;
  readonly body: object;
}

const ACTIONS: readonly string[] = ['/api/apply', '/api/try', '/api/story'];

const answer = (response: ServerResponse, { status, body }: Reply): void => {
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
};

const readBody = async (request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new BadRequest(`the request is larger than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new BadRequest('the request is no JSON object');
};

const textOf = (value: unknown, field: string): string => {
  if (typeof value !== 'string') throw new BadRequest(`${field}: not a text`);
  return value;
};

/** Starts the server. @throws Error where the port is taken */
export const startPageServer = async (options: PageServerOptions): Promise<PageServer> => {
  const { assets, actions, onLink } = options;
  const journal = createJournal(randomBytes(8).toString('hex'));
  const hub = createHub(journal, Date.now);
  const server = createServer({ requestTimeout: REQUEST_MS, maxHeaderSize: 16_384 });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const linkOf = (code: string): string => `http://127.0.0.1:${port}/#code=${code}`;
  const gate = createGate({
    port,
    secret: () => randomBytes(24).toString('base64url'),
    onUsed: (code) => onLink(linkOf(code)),
  });

  const serveStream = (url: URL, response: ServerResponse): void => {
    response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/x-ndjson' });
    const last = Number(url.searchParams.get('after') ?? '');
    hub.add(response, url.searchParams.get('epoch') ?? undefined, Number.isSafeInteger(last) ? last : 0);
  };

  const act = async (pathname: string, request: IncomingMessage): Promise<Reply> => {
    if (actions === undefined) return { status: 405, body: { message: 'only a playground applies changes' } };
    const body = await readBody(request);
    if (pathname === '/api/apply') {
      return { status: 200, body: { message: await actions.apply(textOf(body['yaml'], 'yaml')) } };
    }
    if (pathname === '/api/story') {
      const message = await actions.tell(Number(body['story']), Number(body['step']));
      return { status: 200, body: { message } };
    }
    const message = await actions.attempt({
      source: textOf(body['source'], 'source'),
      destination: textOf(body['destination'], 'destination'),
      protocol: textOf(body['protocol'], 'protocol'),
      port: Number(body['port']),
    });
    return { status: 200, body: { message } };
  };

  const exchange = async (request: IncomingMessage): Promise<Reply> => {
    const token = gate.exchange(textOf((await readBody(request))['code'], 'code'));
    if (token === undefined) return { status: 401, body: { message: 'the link was used already' } };
    return { status: 200, body: { token } };
  };

  /** Returns what is answered as JSON; undefined where a file or the stream was sent. */
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const { pathname } = url;
    const { method } = request;
    const isApi = pathname.startsWith('/api/');
    const isExchange = pathname === '/api/session' && method === 'POST';
    const refusal = isApi && !isExchange ? gate.refuse(asked(request)) : gate.refuseForeign(asked(request));
    if (refusal !== undefined) return { status: refusal.status, body: { message: refusal.message } };
    if (isExchange) return exchange(request);
    if (isApi && method === 'POST' && ACTIONS.includes(pathname)) return act(pathname, request);
    if (method !== 'GET') return { status: 405, body: { message: 'GET only' } };
    if (pathname === '/api/stream') {
      serveStream(url, response);
      return undefined;
    }
    const asset = assets.get(pathname);
    if (asset === undefined) return { status: 404, body: { message: 'no such file' } };
    response.writeHead(200, { ...HEADERS, 'Content-Type': asset.type });
    response.end(asset.body);
    return undefined;
  };

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response).then(
      (reply) => {
        if (reply !== undefined) answer(response, reply);
      },
      (error: unknown) => {
        const message = messageOf(error);
        if (response.headersSent) response.destroy();
        else answer(response, { status: error instanceof BadRequest ? 400 : 422, body: { message } });
      },
    );
  });
  onLink(linkOf(gate.code()));

  return {
    port,
    publish: (meta, entries) => hub.send(journal.publish(meta, entries)),
    close() {
      hub.close();
      server.close();
      server.closeAllConnections();
    },
  };
};
