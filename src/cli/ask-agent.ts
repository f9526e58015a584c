import { connect } from 'node:net';
import { createLines } from '../model/lines.ts';

/** The agent is not reachable. */
export class NoAgentError extends Error {
  constructor(socket: string, setting: string, cause: Error) {
    super(`no agent answers at ${socket}: run this in the agent's pod, with its --${setting}`, { cause });
    this.name = 'NoAgentError';
  }
}

/** One of an agent's Unix sockets. */
export interface AgentSocket {
  readonly path: string;
  /** The flag of the agent that decides the path, without its dashes. */
  readonly setting: string;
}

/**
 * Asks the agent of this node by one of its sockets: a request is one line of JSON, and so is each answer.
 * @param onAnswer called with each line of the answer, in order
 * @returns once the answer ends, or `signal` ends it
 * @throws NoAgentError where nobody listens; Error where the agent does not take the request
 */
export const askAgent = <Answer extends object>(
  socket: AgentSocket,
  request: object,
  onAnswer: (answer: Exclude<Answer, { readonly error: string }>) => void,
  signal?: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let isConnected = false;
    const connection = connect(socket.path);
    const abort = (): void => void connection.destroy();
    signal?.addEventListener('abort', abort, { once: true });
    connection.setEncoding('utf8');
    connection.on('connect', () => {
      isConnected = true;
      connection.write(`${JSON.stringify(request)}\n`);
    });
    const takePiece = createLines((line) => {
      const answer = JSON.parse(line) as Answer | { readonly error: string };
      if ('error' in answer) throw new Error(`the agent answers: ${answer.error}`);
      onAnswer(answer as Exclude<Answer, { readonly error: string }>);
    });
    connection.on('data', (piece: string) => {
      try {
        takePiece(piece);
      } catch (error) {
        connection.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    connection.on('error', (error) => {
      reject(isConnected ? error : new NoAgentError(socket.path, socket.setting, error));
    });
    connection.on('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
