import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiConnection } from '../../../src/cluster/api/connection.ts';

/** The parts of a request for one kind that tests use. */
export interface FakeRequest {
  /** `pods`, `namespaces`, `networkpolicies`. */
  readonly kind: string;
  readonly isWatch: boolean;
  /** Whether it requests the server's version with a list of one object. */
  readonly isProbe: boolean;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

/** Answers a request, or leaves it open. */
export type Answer = (response: ServerResponse, request: FakeRequest) => void;

/** An HTTP server that misbehaves on demand, for what a real API server does only in rare situations. */
export interface FakeApi {
  readonly connection: ApiConnection;
  readonly requests: readonly FakeRequest[];
  /**
   * Answers lists and watches of pods with these answers in turn; the last one repeats. Other kinds are quiet: one
   * namespace, no policies. `probe` answers requests for the server's version; by default the answer is a version that
   * it never reaches.
   */
  script(answers: { lists?: readonly Answer[]; watches?: readonly Answer[]; probe?: Answer }): void;
  /** The content of lists of namespaces. */
  namespaces: () => readonly object[];
  /** From now on accepts every request and answers none; what is open stays open, and silent. */
  hang(): void;
  /** Answers again. Requests that came meanwhile stay without an answer. */
  wake(): void;
  /** Breaks every connection. */
  breakAll(): void;
  stop(): Promise<void>;
}

/** Returns a whole list, or one page of it. */
export const list =
  (resourceVersion: string, items: readonly object[], continueToken = ''): Answer =>
  (response) => {
    response.end(JSON.stringify({ kind: 'List', metadata: { resourceVersion, continue: continueToken }, items }));
  };

/** Returns a watch that delivers events and stays open. */
export const watch =
  (...events: readonly object[]): Answer =>
  (response) => {
    response.flushHeaders();
    for (const event of events) response.write(`${JSON.stringify(event)}\n`);
  };

/** Returns a watch that delivers events and that the server closes in order. */
export const closingWatch =
  (...events: readonly object[]): Answer =>
  (response, request) => {
    watch(...events)(response, request);
    response.end();
  };

/** Returns a refusal with a Status as the API server sends it. */
export const refusal =
  (code: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
  };

/** Accepts the request and never answers. */
export const silence: Answer = (response) => {
  response.flushHeaders();
};

export const startFakeApi = async (): Promise<FakeApi> => {
  const requests: FakeRequest[] = [];
  let lists: readonly Answer[] = [list('1', [])];
  let watches: readonly Answer[] = [silence];
  let probe: Answer = list('999999', []);
  let isHung = false;
  const turns = { lists: 0, watches: 0 };

  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '', 'http://fake');
    const kind = url.pathname.split('/').at(-1) ?? '';
    const isWatch = url.searchParams.has('watch');
    const isProbe = url.searchParams.get('limit') === '1';
    const request = { kind, isWatch, isProbe, query: url.searchParams, authorization: incoming.headers.authorization };
    requests.push(request);
    if (isHung) return;
    if (url.pathname === '/livez/ping') {
      response.end('ok');
      return;
    }
    if (kind !== 'pods') {
      (isWatch ? silence : list('1', kind === 'namespaces' ? api.namespaces() : []))(response, request);
      return;
    }
    if (isProbe) {
      probe(response, request);
      return;
    }
    const answers = isWatch ? watches : lists;
    const turn = isWatch ? turns.watches++ : turns.lists++;
    answers[Math.min(turn, answers.length - 1)]?.(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const api: FakeApi = {
    connection: { server: `http://127.0.0.1:${port}`, options: () => Promise.resolve({ headers: {} }) },
    requests,
    namespaces: () => [{ metadata: { name: 'default' } }],
    script(answers) {
      if (answers.lists !== undefined) [lists, turns.lists] = [answers.lists, 0];
      if (answers.watches !== undefined) [watches, turns.watches] = [answers.watches, 0];
      if (answers.probe !== undefined) probe = answers.probe;
    },
    hang() {
      isHung = true;
    },
    wake() {
      isHung = false;
    },
    breakAll() {
      server.closeAllConnections();
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return api;
};
