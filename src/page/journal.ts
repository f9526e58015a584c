import { type Entry, entryKey, type Meta } from './entries.ts';

/**
 * A line of the stream. Numbers grow by one with each change; a reader that has a number of the same `epoch` can go on after
 * it. `state` replaces everything.
 */
export type Message =
  | {
      readonly op: 'state';
      readonly epoch: string;
      readonly seq: number;
      readonly meta: Meta;
      readonly entries: readonly Entry[];
    }
  | { readonly op: 'put'; readonly seq: number; readonly entry: Entry }
  | { readonly op: 'delete'; readonly seq: number; readonly key: string }
  | { readonly op: 'meta'; readonly seq: number; readonly meta: Meta }
  /** Nothing changed, and the server lives. `at`: in ms since the epoch. */
  | { readonly op: 'alive'; readonly at: number };

/** Limits of a state, so that a browser can hold it. */
export interface StateLimits {
  readonly entries: Readonly<Record<Entry['kind'], number>>;
  /** Of the whole state as JSON text, in characters. */
  readonly characters: number;
}

export const DEFAULT_LIMITS: StateLimits = {
  entries: {
    namespace: 5_000,
    pod: 20_000,
    policy: 5_000,
    base: 5_000,
    outside: 500,
    seen: 50_000,
    event: 2_000,
    problem: 200,
    story: 100,
  },
  characters: 24 * 2 ** 20,
};

/** Changes that are kept for readers that were away for a moment. */
const KEPT_MESSAGES = 2_000;

/** The newest state, and the changes that led to it. */
export interface Journal {
  /** Makes this the state. @returns the messages that lead to it from the state before */
  publish(meta: Omit<Meta, 'leftOut'>, entries: Iterable<Entry>): readonly Message[];
  /** Returns the messages after a number; the whole state where they are not all at hand or the epoch is another one. */
  after(epoch: string | undefined, seq: number): readonly Message[];
  state(): Message;
  seq(): number;
}

interface Held {
  readonly entry: Entry;
  readonly text: string;
}

/** Keeps the entries within the limits, and counts the others by kind. */
const withinLimits = (entries: Iterable<Entry>, limits: StateLimits) => {
  const held = new Map<string, Held>();
  const counts: Partial<Record<Entry['kind'], number>> = {};
  const leftOut: Partial<Record<Entry['kind'], number>> = {};
  let characters = 0;
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    const count = counts[entry.kind] ?? 0;
    if (count >= limits.entries[entry.kind] || characters + text.length > limits.characters) {
      leftOut[entry.kind] = (leftOut[entry.kind] ?? 0) + 1;
      continue;
    }
    counts[entry.kind] = count + 1;
    characters += text.length;
    held.set(entryKey(entry), { entry, text });
  }
  return { held, leftOut };
};

/** @param epoch a text that no other journal has */
export const createJournal = (epoch: string, limits: StateLimits = DEFAULT_LIMITS): Journal => {
  let seq = 0;
  let meta: Meta = { title: '', mode: 'folder', observes: false, leftOut: {} };
  let state: ReadonlyMap<string, Held> = new Map();
  let recent: Message[] = [];

  const whole = (): Message => ({
    op: 'state',
    epoch,
    seq,
    meta,
    entries: [...state.values()].map(({ entry }) => entry),
  });
  const next = (): number => (seq += 1);

  return {
    publish(given, entries) {
      const { held, leftOut } = withinLimits(entries, limits);
      const fresh: Meta = { ...given, leftOut };
      const messages: Message[] = [];
      if (JSON.stringify(fresh) !== JSON.stringify(meta)) messages.push({ op: 'meta', seq: next(), meta: fresh });
      for (const key of state.keys()) if (!held.has(key)) messages.push({ op: 'delete', seq: next(), key });
      for (const [key, { entry, text }] of held) {
        if (state.get(key)?.text !== text) messages.push({ op: 'put', seq: next(), entry });
      }
      meta = fresh;
      state = held;
      recent = [...recent, ...messages].slice(-KEPT_MESSAGES);
      return messages;
    },
    after(known, last) {
      const missing = seq - last;
      if (known !== epoch || missing < 0 || missing > recent.length) return [whole()];
      return missing === 0 ? [] : recent.slice(-missing);
    },
    state: whole,
    seq: () => seq,
  };
};
