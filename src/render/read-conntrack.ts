import ipaddr from 'ipaddr.js';
import type { Connection, ConnectionSelection, ConnectionTuple, TrackedConnection } from '../model/connection.ts';
import { withoutDottedTail } from './dotted-tail.ts';
import type { PieceReader } from './piece-reader.ts';

/** `ipv4     2 tcp      6 431999 ESTABLISHED src=…`: the family and the protocol's number. */
const HEAD = /^(ipv[46]) +\d+ +\S+ +(\d+) /;

type Fields = Record<string, string>;

/** The value of the next `key` at or after `from`, and where it ends. */
const valueAfter = (line: string, key: string, from: number): { readonly value: string; readonly end: number } => {
  const at = line.indexOf(key, from);
  if (at < 0) return { value: '', end: line.length };
  const space = line.indexOf(' ', at + key.length);
  const end = space < 0 ? line.length : space;
  return { value: line.slice(at + key.length, end), end };
};

const numberOf = (text: string | undefined): number => (text === undefined ? 0 : Number(text));

/** Makes of an address as it is printed its canonical text. */
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
      // All that follows `mark=` or `use=` is told of the whole.
    } else if (key === 'mark' || key === 'use' || key === 'zone') part = 2;
    const fields = parts[part];
    if (fields !== undefined) fields[key] ??= value;
  }
  return parts;
};

/** The entry, and its identity, 0 where none is told. */
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

/** The port, or key, of the sender of the tuple that begins at `from`; 0 where it has none. */
const senderAt = (line: string, from: number): number => {
  const port = valueAfter(line, ' sport=', from);
  return Number(port.value === '' ? valueAfter(line, ' srckey=', from).value : port.value);
};

type Entry = ReturnType<typeof readEntry>;

/** The line's entry, if it is selected; `unreadable` where it is none. Of the others no more is read than that takes. */
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

/** What `read` throws is thrown at the end, and no line is read behind that one. */
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
 * Reads what `conntrack -L -o extended,id` prints: the entries that are selected, up to `most` of them. Lines of another kind
 * are passed over.
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

/** The kernel writes IPv6 addresses in full; the same few come again and again. @throws TypeError where it is no address */
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
 * Reads /proc/net/nf_conntrack, whose lines are those of the list, but for the entries' identities and the spelling of
 * IPv6 addresses; up to `most` entries. Its end throws where a line was not as expected.
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
