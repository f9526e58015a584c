import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../model/message-of.ts';
import { printableJson } from '../model/printable.ts';
import type { AgentContext } from './context.ts';
import { type LineServer, serveLines } from './line-server.ts';
import type { StatusReport } from './status-report.ts';

/** A request to an agent through its status socket: one line of JSON. */
export interface StatusRequest {
  readonly ask: 'status';
}

/** The answer, one line of JSON. */
export type StatusAnswer = { readonly report: StatusReport } | { readonly error: string };

interface StatusServer {
  stop(): Promise<void>;
}

const LONGEST_LINE = 256;
const MOST_CONNECTIONS = 16;
const RETRY_MS = 10_000;

const lineOf = (answer: StatusAnswer): string => `${printableJson(JSON.stringify(answer))}\n`;

/** @throws Error if the line is not a StatusRequest */
const readRequest = (line: string): void => {
  const request: unknown = JSON.parse(line);
  if ((request as Partial<StatusRequest> | null)?.ask !== 'status') throw new TypeError('ask is not "status"');
};

/**
 * Serves `portcullis status` by a Unix socket, see serveLines. Tries again every 10 s if the socket cannot be made.
 * @param file undefined serves nothing
 */
export const startStatusServer = (
  { clock, log }: Pick<AgentContext, 'clock' | 'log'>,
  file: string | undefined,
  report: () => StatusReport,
): StatusServer => {
  let stopped = false;
  let server: LineServer | undefined;
  let trouble: string | undefined;
  let cancel = (): void => undefined;
  let opening = Promise.resolve();

  const answer = (): StatusAnswer => {
    try {
      return { report: report() };
    } catch (error) {
      return { error: messageOf(error) };
    }
  };

  const open = async (at: string): Promise<void> => {
    try {
      await mkdir(path.dirname(at), { recursive: true, mode: 0o700 });
      server = await serveLines(at, {
        longestLine: LONGEST_LINE,
        mostConnections: MOST_CONNECTIONS,
        refusal: (reason) => lineOf({ error: reason }),
        onLine(line, socket) {
          readRequest(line);
          socket.end(lineOf(answer()));
        },
      });
      trouble = undefined;
    } catch (error) {
      const words = messageOf(error);
      if (words !== trouble) log.warn('the status socket cannot be made; trying again', { file: at, error: words });
      trouble = words;
      if (stopped) return;
      cancel = clock.after(RETRY_MS, () => {
        opening = open(at);
      });
    }
  };
  if (file !== undefined) opening = open(file);

  return {
    async stop() {
      stopped = true;
      cancel();
      await opening;
      await server?.close();
    },
  };
};
