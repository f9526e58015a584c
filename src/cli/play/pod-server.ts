/**
 * The program of each pod in the playground: `node pod-server.js SOCKET`. It serves the pod's ports and probes other machines
 * on request over the unix socket, all from the pod's network namespace.
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { PodRequest, PodResponse } from './pod-protocol.ts';
import { probePort } from './probe-port.ts';
import { type Listening, servePort } from './serve-port.ts';

const listening: Listening[] = [];

const serve = async ({ name, families, ports }: Extract<PodRequest, { op: 'serve' }>): Promise<readonly string[]> => {
  for (const one of listening.splice(0)) one.close();
  const attempts = ports.flatMap((port) =>
    families.map(async (family) => {
      try {
        listening.push(await servePort(name, port, family));
        return [];
      } catch (error) {
        const { code = String(error) } = error as NodeJS.ErrnoException;
        const reason = code === 'EADDRINUSE' ? 'another pod on the same host network has it' : code;
        return [`${name} cannot serve ${port.protocol} ${port.port}: ${reason}`];
      }
    }),
  );
  return (await Promise.all(attempts)).flat();
};

const answer = async (request: PodRequest): Promise<PodResponse> => {
  const { op, id } = request;
  if (op === 'serve') return { op, id, failures: await serve(request) };
  const { targets, timeoutMs } = request;
  return { op, id, outcomes: await Promise.all(targets.map((target) => probePort(target, timeoutMs))) };
};

createServer((connection) => {
  // The client has gone, so there is nobody to answer.
  connection.on('error', () => connection.destroy());
  createInterface({ input: connection }).on('line', (line) => {
    void answer(JSON.parse(line) as PodRequest).then((response) => connection.write(`${JSON.stringify(response)}\n`));
  });
}).listen(process.argv[2]);
