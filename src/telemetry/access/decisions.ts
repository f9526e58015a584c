import { createHash } from 'node:crypto';

/** The decision about a token's right to GET a path. */
export type Decision = 'allowed' | 'unauthenticated' | 'forbidden';

export interface DecisionLimits {
  readonly entries: number;
  readonly lifetimeMs: number;
}

/** Recent decisions, without the tokens themselves. */
export interface Decisions {
  get(token: string, path: string): Decision | undefined;
  put(token: string, path: string, decision: Decision): void;
}

interface Entry {
  readonly decision: Decision;
  readonly until: number;
}

const keyOf = (token: string, path: string): string => `${createHash('sha256').update(token).digest('base64')} ${path}`;

/** @param now returns monotonic milliseconds */
export const createDecisions = ({ entries, lifetimeMs }: DecisionLimits, now: () => number): Decisions => {
  // In the order of time: the first is the oldest.
  const known = new Map<string, Entry>();
  return {
    get(token, path) {
      const entry = known.get(keyOf(token, path));
      return entry !== undefined && now() < entry.until ? entry.decision : undefined;
    },
    put(token, path, decision) {
      const key = keyOf(token, path);
      known.delete(key);
      known.set(key, { decision, until: now() + lifetimeMs });
      for (const oldest of known.keys()) {
        if (known.size <= entries) return;
        known.delete(oldest);
      }
    },
  };
};
