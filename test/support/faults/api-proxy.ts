import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Connect } from '../../../src/cluster/api/connection.ts';
import { createGate, type Gate } from './gate.ts';

/** The parts of a request that faults use. */
export interface ProxiedRequest {
  readonly method: string;
  /** The last part of the path: `pods`, `namespaces`, `networkpolicies`, or an object's name. */
  readonly kind: string;
  readonly isWatch: boolean;
  readonly query: URLSearchParams;
}

/** The fault of one request. */
export type ApiFault =
  /** A Status with this code instead of an answer. */
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
    }
  /** A watch that is accepted and then ends with an ERROR event. */
  | { readonly kind: 'error event'; readonly code: number; readonly message?: string }
  /** 200 with invalid JSON. */
  | { readonly kind: 'garbage' }
  /** 200 with a list without items. */
  | { readonly kind: 'empty list'; readonly resourceVersion: string }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** The connection breaks instead of an answer. */
  | { readonly kind: 'reset' }
  /** The connection breaks after this many bytes of the answer's body. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** The request is passed on this many ms late. */
  | { readonly kind: 'delay'; readonly ms: number };

/** A proxy to an API server that can fail. It serves plain HTTP to any client and uses the credentials of `connect`. */
export interface ApiProxy {
  readonly url: string;
  /** The text of a kubeconfig for the proxy. */
  readonly kubeconfig: string;
  /** Called for each request; undefined lets it pass. */
  fault: (request: ProxiedRequest) => ApiFault | undefined;
  /** Half-open: from now on no byte passes in either direction on any connection, old or new, without an error. */
  stall(): void;
  /** Passes on everything that was held back. */
  flow(): void;
  /** Breaks every connection. */
  cut(): void;
  /** Refuses connections, and breaks existing ones. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
}

const statusText = (code: number, message = 'a fault'): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, message });

/** Answers in place of the server. @returns false for faults that need the server */
const answerInstead = (fault: ApiFault, response: ServerResponse): boolean => {
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.code, { 'Content-Type': 'application/json', ...fault.headers });
      response.end(statusText(fault.code, fault.message));
      return true;
    case 'error event':
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(`{"type":"ERROR","object":${statusText(fault.code, fault.message)}}\n`);
      return true;
    case 'garbage':
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end('<html>{"items":[\n');
      return true;
    case 'empty list':
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(`{"kind":"List","metadata":{"resourceVersion":"${fault.resourceVersion}"},"items":[]}`);
      return true;
    case 'hang':
      return true;
    case 'reset':
      response.destroy();
      return true;
    case 'truncate':
    case 'delay':
      return false;
  }
};

const relay = async (answer: IncomingMessage, response: ServerResponse, gate: Gate, limit: number): Promise<void> => {
  let left = limit;
  await gate.passable();
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.flushHeaders();
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    await gate.passable();
    response.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) {
      response.destroy();
      return;
    }
  }
  await gate.passable();
  response.end();
};

/** @param host the address to listen on, of this network namespace; 127.0.0.1 if absent */
export const startApiProxy = async (connect: Connect, host = '127.0.0.1'): Promise<ApiProxy> => {
  const gate = createGate();
  const sockets = new Set<Socket>();

  const forward = async (
    incoming: IncomingMessage,
    response: ServerResponse,
    fault: ApiFault | undefined,
  ): Promise<void> => {
    const { server, options } = await connect().then(async (made) => ({ ...made, options: await made.options() }));
    const headers = { ...incoming.headers, ...options.headers, host: new URL(server).host };
    const settings: RequestOptions = { ...options, method: incoming.method ?? 'GET', headers, agent: false };
    const upstream = (server.startsWith('http:') ? httpRequest : httpsRequest)(
      `${server}${incoming.url ?? ''}`,
      settings,
    );
    response.once('close', () => {
      upstream.destroy();
    });
    incoming.pipe(upstream);
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    await relay(answer, response, gate, fault?.kind === 'truncate' ? fault.bytes : Number.POSITIVE_INFINITY);
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    await gate.passable();
    const url = new URL(incoming.url ?? '', 'http://proxy');
    const isWatch = url.searchParams.has('watch');
    const kind = url.pathname.split('/').at(-1) ?? '';
    const fault = proxy.fault({ method: incoming.method ?? 'GET', kind, isWatch, query: url.searchParams });
    if (fault !== undefined && answerInstead(fault, response)) return;
    if (fault?.kind === 'delay') await delay(fault.ms, undefined, { ref: false });
    await forward(incoming, response, fault);
  };

  const server = createServer((incoming, response) => {
    // Any upstream failure is a broken connection for the client.
    serve(incoming, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const listen = async (port: number): Promise<void> => {
    server.listen(port, host);
    await once(server, 'listening');
  };
  const down = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const proxy: ApiProxy = {
    url,
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'proxy',
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
      clusters: [{ name: 'proxy', cluster: { server: url } }],
      users: [{ name: 'proxy', user: {} }],
    }),
    fault: () => undefined,
    stall: gate.shut,
    flow: gate.open,
    cut,
    down,
    up: () => listen(port),
    async close() {
      gate.open();
      await down();
    },
  };
  return proxy;
};
