import ipaddr from 'ipaddr.js';
import type { Connection, ConnectionSelection, ConnectionTuple, TrackedConnection } from '../model/connection.ts';
import { withoutDottedTail } from './dotted-tail.ts';
import type { PieceReader } from './piece-reader.ts';

/** `ipv4     2 tcp      6 431999 ESTABLISHED src=…`: the family and the protocol's number. */
const HEAD = /^(ipv[46]) +\d+ +\S+ +(\d+) /;

type Fields = Record<string, string>;

/** Returns the value of the next `key` at or after `from`, and the offset of its end. */
const valueAfter = (line: string, key: string, from: number): { readonly value: string; readonly end: number } => {
  const at = line.indexOf(key, from);
  if (at < 0) return { value: '', end: line.length };
  const space = line.indexOf(' ', at + key.length);
  const end = space < 0 ? line.length : space;
  return { value: line.slice(at + key.length, end), end };
};

const numberOf = (text: string | undefined): number => (text === undefined ? 0 : Number(text));

/** Converts a printed address to canonical text. */
type Spelling = (address: string) => string;

const tupleOf = (fields: Fields, zone: string, spelling: Spelling): ConnectionTuple => ({
  source: spelling(fields['src'] ?? ''),
  destination: spelling(fields['dst'] ?? ''),
  sourcePort: numberOf(fields['sport'] ?? fields['srckey']),
  destinationPort: numberOf(fields['dport'] ?? fields['dstkey']),
  icmp:
    fields['type'] === undefined
      ? undefined
      : { type: Number(fields['type']), code: numberOf(fields['code']), id: numberOf(fields['id']) },
  zone: numberOf(fields[zone]),
});

/** Splits the fields into those of the first tuple, of the second, and of the whole entry. */
const splitFields = (line: string): readonly [Fields, Fields, Fields] => {
  const parts: [Fields, Fields, Fields] = [{}, {}, {}];
  let part = 0;
  let tuples = 0;
  for (const [, key = '', value = ''] of line.matchAll(/ ([a-z-]+)=(\S*)/g)) {
    if (key === 'src') {
      part = tuples;
      tuples += 1;
      // Everything after `mark=` or `use=` belongs to the whole entry.
    } else if (key === 'mark' || key === 'use' || key === 'zone') part = 2;
    const fields = parts[part];
    if (fields !== undefined) fields[key] ??= value;
  }
  return parts;
};

/** Returns the entry and its identity, which is 0 if it is not printed. */
const readEntry = (line: string, spelling: Spelling): readonly [Connection, number] | undefined => {
  const [head, family, protocol] = HEAD.exec(line) ?? [];
  if (head === undefined) return undefined;
  const [original, reply, whole] = splitFields(line);
  const connection: Connection = {
    family: family === 'ipv6' ? 'ipv6' : 'ipv4',
    protocol: Number(protocol),
    original: tupleOf(original, 'zone-orig', spelling),
    reply: tupleOf(reply, 'zone-reply', spelling),
    zone: numberOf(whole['zone']),
  };
  return [connection, numberOf(whole['id'])];
};

/** Returns the port, or key, of the sender of the tuple at `from`; 0 if it has none. */
const senderAt = (line: string, from: number): number => {
  const port = valueAfter(line, ' sport=', from);
  return Number(port.value === '' ? valueAfter(line, ' srckey=', from).value : port.value);
};

type Entry = ReturnType<typeof readEntry>;

/**
 * Returns the line's entry if it is selected; `unreadable` for an invalid line. Reads no more of other entries than
 * that takes.
 */
const selectEntry = (
  line: string,
  spelling: Spelling,
  { concerns, selects }: ConnectionSelection,
): Entry | 'unreadable' => {
  const first = valueAfter(line, ' src=', 0);
  const second = valueAfter(line, ' src=', first.end);
  const source = spelling(first.value);
  const destination = spelling(second.value);
  if (!concerns(source, destination)) return undefined;
  const [, , protocol] = HEAD.exec(line) ?? [];
  if (protocol === undefined) return 'unreadable';
  const opening = {
    source,
    destination,
    protocol: Number(protocol),
    port: senderAt(line, second.end),
    sourcePort: senderAt(line, first.end),
  };
  return selects(opening) ? readEntry(line, spelling) : undefined;
};

/** Reads lines. An error of `read` is thrown at the end; later lines are not read. */
const createLineReader = <Result>(read: (line: string) => void, result: () => Result): PieceReader<Result> => {
  let rest = '';
  let failure: { readonly error: unknown } | undefined;
  const take = (piece: string): void => {
    if (failure !== undefined) return;
    const text = rest + piece;
    let start = 0;
    try {
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        read(text.slice(start, end));
        start = end + 1;
      }
    } catch (error) {
      failure = { error };
    }
    rest = text.slice(start);
  };
  return {
    take,
    end() {
      if (rest !== '') take('\n');
      if (failure !== undefined) throw failure.error;
      return result();
    },
  };
};

/**
 * Reads the output of `conntrack -L -o extended,id`: up to `most` of the selected entries. Skips lines of other kinds.
 */
export const createListReader = (
  selection: ConnectionSelection,
  most = Number.POSITIVE_INFINITY,
): PieceReader<readonly TrackedConnection[]> => {
  const found: TrackedConnection[] = [];
  return createLineReader(
    (line) => {
      if (found.length >= most) return;
      const entry = selectEntry(line, withoutDottedTail, selection);
      if (entry !== undefined && entry !== 'unreadable') found.push({ ...entry[0], id: entry[1] });
    },
    () => found,
  );
};

const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/**
 * Caches addresses: the kernel writes IPv6 addresses in full, and the same few repeat. @throws TypeError for an invalid
 * address
 */
const createSpelling = (): Spelling => {
  const known = new Map<string, string>();
  return (address) => {
    if (IPV4.test(address)) return address;
    const canonical = known.get(address) ?? ipaddr.IPv6.parse(address).toRFC5952String();
    known.set(address, canonical);
    return canonical;
  };
};

/**
 * Reads /proc/net/nf_conntrack, up to `most` entries. Its lines differ from the list's in two ways: they have no identities,
 * and IPv6 addresses are written in full. `end` throws if a line was not as expected.
 */
export const createFileReader = (
  selection: ConnectionSelection,
  most = Number.POSITIVE_INFINITY,
): PieceReader<readonly Connection[]> => {
  const spelling = createSpelling();
  const found: Connection[] = [];
  return createLineReader(
    (line) => {
      if (found.length >= most) return;
      const entry = selectEntry(line, spelling, selection);
      if (entry === 'unreadable') throw new TypeError(`no entry of conntrack: ${line}`);
      if (entry !== undefined) found.push(entry[0]);
    },
    () => found,
  );
};
