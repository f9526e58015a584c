import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { inNetns } from '../../lab/batch.ts';
import { type RunningProcess, startProcess } from '../../lab/process.ts';
import type { IpFamily } from '../../model/family.ts';
import type { Outcome, PodRequest, PodResponse, ProbeTarget, ServedPort } from './pod-protocol.ts';
import type { OwnProgram } from './own-program.ts';

/** A running machine of the playground: a server process in a network namespace, which also probes from there. */
export interface PodProcess {
  /** Replaces the served ports. @returns failures, for people */
  serve(name: string, families: readonly IpFamily[], ports: readonly ServedPort[]): Promise<readonly string[]>;
  /** Tries all targets at once. @returns their outcomes in the same order */
  probe(targets: readonly ProbeTarget[], timeoutMs: number): Promise<readonly Outcome[]>;
  stop(): Promise<void>;
}

type Unnumbered<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

const START_MS = 20_000;
const POLL_MS = 10;

/** A pod serves a few ports and needs little memory, and there may be many pods. */
const SMALL = ['--max-old-space-size=32', '--max-semi-space-size=1', '--v8-pool-size=0'];

/** Returns undefined while nothing listens there. */
const tryConnect = (path: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', () => {
      resolve(undefined);
    });
  });

const connectTo = async (path: string, server: RunningProcess): Promise<Socket> => {
  const deadline = performance.now() + START_MS;
  let code: number | undefined;
  void server.ended.then((end) => {
    code = end.code;
  });
  for (;;) {
    const socket = await tryConnect(path);
    if (socket !== undefined) return socket;
    if (code !== undefined) throw new Error(`a pod's server ended at once with exit code ${code}`);
    if (performance.now() > deadline) throw new Error(`a pod's server did not start within ${START_MS / 1000} s`);
    await delay(POLL_MS);
  }
};

/**
 * Starts a server in `netns`.
 * @param socket path of the server's unix socket; must not exist yet
 */
export const startPodProcess = async (program: OwnProgram, netns: string, socket: string): Promise<PodProcess> => {
  const [file, ...prefix] = inNetns(netns);
  const args = [...prefix, program.node, ...SMALL, program.podServer, socket];
  const server = await startProcess(file, args, { env: { UV_THREADPOOL_SIZE: '1' } });
  const connection = await connectTo(socket, server);
  const waiting = new Map<number, { resolve: (response: PodResponse) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  let gone = false;

  const fail = (): void => {
    gone = true;
    for (const { reject } of waiting.values()) reject(new Error("a pod's server has ended"));
    waiting.clear();
  };
  connection.on('error', fail).on('close', fail);
  createInterface({ input: connection }).on('line', (line) => {
    const response = JSON.parse(line) as PodResponse;
    waiting.get(response.id)?.resolve(response);
    waiting.delete(response.id);
  });

  const ask = (request: Unnumbered<PodRequest>): Promise<PodResponse> =>
    new Promise((resolve, reject) => {
      if (gone) {
        reject(new Error("a pod's server has ended"));
        return;
      }
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      connection.write(`${JSON.stringify({ ...request, id: lastId })}\n`);
    });

  return {
    async serve(name, families, ports) {
      const response = await ask({ op: 'serve', name, families, ports });
      return response.op === 'serve' ? response.failures : [];
    },
    async probe(targets, timeoutMs) {
      const response = await ask({ op: 'probe', targets, timeoutMs });
      return response.op === 'probe' ? response.outcomes : [];
    },
    async stop() {
      connection.destroy();
      server.signal('SIGKILL');
      await server.ended;
    },
  };
};
