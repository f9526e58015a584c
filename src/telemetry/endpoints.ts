import { messageOf } from '../model/message-of.ts';
import { printable, printableJson } from '../model/printable.ts';
import type { Health } from './health.ts';
import type { Exposition } from './metrics.ts';

/** The answers of each path, called at each request. */
export interface Endpoints {
  readonly metrics: () => Promise<Exposition>;
  /** /healthz: the process works. The kubelet's probe reads the same from the health file. */
  readonly health: () => Health;
  /** /readyz: the first full programming is done, and policies are in force. */
  readonly ready: () => Health;
  /** /status: plain data that JSON can hold. */
  readonly status: () => unknown;
}

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

const healthReply = ({ ok, reason }: Health): Reply => ({
  status: ok ? 200 : 503,
  type: TEXT,
  body: `${printable(reason)}\n`,
});

const PATHS: Readonly<Record<string, (endpoints: Endpoints) => Reply | Promise<Reply>>> = {
  '/metrics': async ({ metrics }) => {
    const { contentType, text } = await metrics();
    return { status: 200, type: contentType, body: text };
  },
  '/healthz': ({ health }) => healthReply(health()),
  '/readyz': ({ ready }) => healthReply(ready()),
  '/status': ({ status }) => ({
    status: 200,
    type: 'application/json',
    body: `${printableJson(JSON.stringify(status(), undefined, 2))}\n`,
  }),
};

/** Answers a request. Never throws: an endpoint that fails answers 500 with the reason, and the others still work. */
export const answer = async (path: string, endpoints: Endpoints): Promise<Reply> => {
  const reply = Object.hasOwn(PATHS, path) ? PATHS[path] : undefined;
  if (reply === undefined)
    return { status: 404, type: TEXT, body: `not found; try ${Object.keys(PATHS).join(', ')}\n` };
  try {
    return await reply(endpoints);
  } catch (error) {
    return { status: 500, type: TEXT, body: `${printable(messageOf(error))}\n` };
  }
};
