import { connect } from 'node:net';
import type { FlowAnswer, FlowRequest } from '../../records/flow-request.ts';

/** The agent is not reachable. */
export class NoAgentError extends Error {
  constructor(socket: string, cause: Error) {
    super(`no agent answers at ${socket}: run this in the agent's pod, with its --records-dir`, { cause });
    this.name = 'NoAgentError';
  }
}

/**
 * Asks the agent of this node by its socket.
 * @param onAnswer called with each line of the answer, in order
 * @returns once the answer ends, or `signal` ends it
 * @throws NoAgentError where nobody listens; Error where the agent does not take the request
 */
export const askAgent = (
  socket: string,
  request: FlowRequest,
  onAnswer: (answer: FlowAnswer) => void,
  signal?: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let text = '';
    let isConnected = false;
    const connection = connect(socket);
    const abort = (): void => void connection.destroy();
    signal?.addEventListener('abort', abort, { once: true });
    connection.setEncoding('utf8');
    connection.on('connect', () => {
      isConnected = true;
      connection.write(`${JSON.stringify(request)}\n`);
    });
    connection.on('data', (piece: string) => {
      const lines = (text + piece).split('\n');
      text = lines.pop() ?? '';
      try {
        for (const line of lines) {
          const answer = JSON.parse(line) as FlowAnswer;
          if ('error' in answer) throw new Error(`the agent answers: ${answer.error}`);
          onAnswer(answer);
        }
      } catch (error) {
        connection.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    connection.on('error', (error) => {
      reject(isConnected ? error : new NoAgentError(socket, error));
    });
    connection.on('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
