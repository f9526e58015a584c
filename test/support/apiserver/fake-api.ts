import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiConnection } from '../../../src/cluster/api/connection.ts';

/** A request for one kind, as far as tests care. */
export interface FakeRequest {
  /** `pods`, `namespaces`, `networkpolicies`. */
  readonly kind: string;
  readonly isWatch: boolean;
  /** Asks with a list of one object how far the server has got. */
  readonly isProbe: boolean;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

/** Answers a request, or leaves it open. */
export type Answer = (response: ServerResponse, request: FakeRequest) => void;

/** An HTTP server that misbehaves on demand, for what a real API server does only under rare circumstances. */
export interface FakeApi {
  readonly connection: ApiConnection;
  readonly requests: readonly FakeRequest[];
  /**
   * Lists and watches of pods get these answers in turn, the last one from then on. Other kinds are quiet: one namespace,
   * no policies. Questions how far the server has got are answered by `probe`, or else with
   * a version that it never gets to.
   */
  script(answers: { lists?: readonly Answer[]; watches?: readonly Answer[]; probe?: Answer }): void;
  /** What lists of namespaces hold. */
  namespaces: () => readonly object[];
  /** Breaks every connection. */
  breakAll(): void;
  stop(): Promise<void>;
}

/** A whole list, or one page of it. */
export const list =
  (resourceVersion: string, items: readonly object[], continueToken = ''): Answer =>
  (response) => {
    response.end(JSON.stringify({ kind: 'List', metadata: { resourceVersion, continue: continueToken }, items }));
  };

/** A watch that delivers events and stays open. */
export const watch =
  (...events: readonly object[]): Answer =>
  (response) => {
    response.flushHeaders();
    for (const event of events) response.write(`${JSON.stringify(event)}\n`);
  };

/** A watch that delivers events and is closed by the server, in an orderly way. */
export const closingWatch =
  (...events: readonly object[]): Answer =>
  (response, request) => {
    watch(...events)(response, request);
    response.end();
  };

/** A refusal, with a Status as the API server sends it. */
export const refusal =
  (code: number, message: string, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message }));
  };

/** Accepts the request and never says anything. */
export const silence: Answer = (response) => {
  response.flushHeaders();
};

export const startFakeApi = async (): Promise<FakeApi> => {
  const requests: FakeRequest[] = [];
  let lists: readonly Answer[] = [list('1', [])];
  let watches: readonly Answer[] = [silence];
  let probe: Answer = list('999999', []);
  const turns = { lists: 0, watches: 0 };

  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '', 'http://fake');
    const kind = url.pathname.split('/').at(-1) ?? '';
    const isWatch = url.searchParams.has('watch');
    const isProbe = url.searchParams.get('limit') === '1';
    const request = { kind, isWatch, isProbe, query: url.searchParams, authorization: incoming.headers.authorization };
    requests.push(request);
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
