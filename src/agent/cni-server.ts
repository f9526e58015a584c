import type { Socket } from 'node:net';
import { type CniRequest, parseCniRequest } from '../cluster/cni/cni-request.ts';
import { messageOf } from '../cluster/error-text.ts';
import { type LineServer, serveLines } from './line-server.ts';

/** The answer to the plugin: the pod may start, or the reason why not. */
export type CniAnswer = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** In characters. A result has a few kB. */
const LONGEST_LINE = 1024 * 1024;

const lineOf = (answer: CniAnswer): string => `${JSON.stringify(answer)}\n`;

/**
 * Serves the CNI plugin by a Unix socket, see serveLines.
 *
 * @param answer called for each request; the message of its error is the reason in the answer
 * @throws the system's error if the socket cannot be made
 */
export const serveCni = (path: string, answer: (request: CniRequest) => Promise<CniAnswer>): Promise<LineServer> =>
  serveLines(path, {
    longestLine: LONGEST_LINE,
    refusal: (reason) => lineOf({ ok: false, reason }),
    onLine(line: string, socket: Socket) {
      const reply = (what: CniAnswer): void => {
        socket.end(lineOf(what));
      };
      answer(parseCniRequest(line)).then(reply, (error: unknown) => {
        reply({ ok: false, reason: messageOf(error) });
      });
    },
  });
