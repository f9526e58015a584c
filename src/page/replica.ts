import { type Entry, entryKey, type Meta } from './entries.ts';
import { readEntry, readMeta } from './read-entry.ts';

/** The state of a server as a reader of its stream has it. */
export interface Replica {
  /** Takes one line. @returns `changed` where the state is another one; `gap` where a message is missing: ask again */
  take(line: string): 'changed' | 'unchanged' | 'gap';
  entries(): Iterable<Entry>;
  meta(): Meta | undefined;
  /** Where to go on after an interruption. */
  position(): { readonly epoch: string; readonly seq: number } | undefined;
  /** Changes with everything but connections that were seen, and events. */
  structure(): number;
  /** Number of entries that could not be read. */
  misread(): number;
}

/** Entries that a reader holds at most, however many a server sends. */
const MAX_ENTRIES = 100_000;

type Plain = Readonly<Record<string, unknown>>;

const parseLine = (line: string): Plain | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Plain) : undefined;
  } catch {
    return undefined;
  }
};

/** Reports whether a delta concerns connections that were seen, or events, alone. */
const isOfSeen = ({ entry, key }: Plain): boolean => {
  const kind: unknown = typeof key === 'string' ? key.split(' ', 1)[0] : (entry as Plain | undefined)?.['kind'];
  return kind === 'seen' || kind === 'event';
};

export const createReplica = (): Replica => {
  let epoch: string | undefined;
  let seq = 0;
  let meta: Meta | undefined;
  let misread = 0;
  let structure = 0;
  const held = new Map<string, Entry>();

  const put = (value: unknown): void => {
    const entry = readEntry(value);
    if (entry === undefined || (held.size >= MAX_ENTRIES && !held.has(entryKey(entry)))) {
      misread += 1;
      return;
    }
    held.set(entryKey(entry), entry);
  };

  const takeState = (message: Plain): 'changed' | 'gap' => {
    const fresh = readMeta(message['meta']);
    const { epoch: given, seq: number, entries } = message;
    if (fresh === undefined || typeof given !== 'string' || typeof number !== 'number' || !Array.isArray(entries)) {
      return 'gap';
    }
    held.clear();
    misread = 0;
    entries.forEach(put);
    structure += 1;
    meta = fresh;
    epoch = given;
    seq = number;
    return 'changed';
  };

  return {
    take(line) {
      const message = parseLine(line);
      if (message === undefined) return 'gap';
      const { op } = message;
      if (op === 'alive') return 'unchanged';
      if (op === 'state') return takeState(message);
      if (epoch === undefined || message['seq'] !== seq + 1) return 'gap';
      seq += 1;
      if (!isOfSeen(message)) structure += 1;
      if (op === 'put') put(message['entry']);
      else if (op === 'delete') held.delete(String(message['key']));
      else if (op === 'meta') meta = readMeta(message['meta']) ?? meta;
      else return 'gap';
      return 'changed';
    },
    entries: () => held.values(),
    meta: () => meta,
    position: () => (epoch === undefined ? undefined : { epoch, seq }),
    structure: () => structure,
    misread: () => misread,
  };
};
