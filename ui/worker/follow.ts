import { createReplica, type Replica } from '../../src/page/replica.ts';
import type { ConnectionState } from '../../src/page/questions.ts';

/** A line that is longer than this is no state that a server sends: it leaves out what does not fit. */
const MAX_LINE = 64 * 2 ** 20;
const RETRY_MS = 1_000;
/** The server reports at least every five seconds that it lives. */
const SILENT_MS = 15_000;

interface FollowOptions {
  readonly token: string;
  readonly onChange: (replica: Replica) => void;
  readonly onConnection: (state: ConnectionState, alive: number) => void;
}

const urlOf = (replica: Replica, isLost: boolean): string => {
  const position = isLost ? undefined : replica.position();
  return position === undefined ? '/api/stream' : `/api/stream?epoch=${position.epoch}&after=${position.seq}`;
};

/** Reads the server's stream for ever, and goes on where it was interrupted. */
export const follow = async ({ token, onChange, onConnection }: FollowOptions): Promise<never> => {
  const replica = createReplica();
  let isLost = false;
  for (;;) {
    const abort = new AbortController();
    let timer = setTimeout(() => abort.abort(), SILENT_MS);
    try {
      const headers = { Authorization: `Bearer ${token}` };
      const response = await fetch(urlOf(replica, isLost), { headers, signal: abort.signal, cache: 'no-store' });
      if (response.status === 401) {
        onConnection('refused', Date.now());
        return await new Promise<never>(() => undefined);
      }
      if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
      isLost = false;
      let rest = '';
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), SILENT_MS);
        rest += decoder.decode(value, { stream: true });
        if (rest.length > MAX_LINE) throw new Error('the server sent a line without an end');
        if (!rest.includes('\n')) continue;
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        const results = lines.map((line) => replica.take(line));
        isLost = results.includes('gap');
        onConnection('live', Date.now());
        if (results.includes('changed')) onChange(replica);
        if (isLost) break;
      }
      abort.abort();
    } catch {
      // Said below; the next attempt follows.
    }
    clearTimeout(timer);
    if (!isLost) onConnection('away', Date.now());
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
};
