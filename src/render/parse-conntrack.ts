import ipaddr from 'ipaddr.js';
import type { Connection, ConnectionTuple, TrackedConnection } from '../model/connection.ts';
import { withoutDottedTail } from './dotted-tail.ts';

/** Whether a connection between the two is worth reading: its source, and its destination after DNAT. */
export type Concerns = (source: string, destination: string) => boolean;

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
const readLine = (line: string, spelling: Spelling): readonly [Connection, number] | undefined => {
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

const linesOf = function* (text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
};

/** The source, and the destination after DNAT, as they are printed. */
const endsOf = (line: string): readonly [source: string, destination: string] => {
  const source = valueAfter(line, ' src=', 0);
  return [source.value, valueAfter(line, ' src=', source.end).value];
};

/**
 * Reads what `conntrack -L -o extended,id` printed, less the entries that do not concern: there may be hundreds of
 * thousands, and few that do.
 */
export const parseConntrackList = (text: string, concerns: Concerns): readonly TrackedConnection[] => {
  const found: TrackedConnection[] = [];
  for (const line of linesOf(text)) {
    const [source, destination] = endsOf(line).map(withoutDottedTail);
    if (source === undefined || destination === undefined || !concerns(source, destination)) continue;
    const [connection, id] = readLine(line, withoutDottedTail) ?? [];
    if (connection !== undefined && id !== undefined) found.push({ ...connection, id });
  }
  return found;
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
 * IPv6 addresses. @throws where a line is not as expected
 */
export const parseConntrackFile = (text: string, concerns: Concerns): readonly Connection[] => {
  const spelling = createSpelling();
  const found: Connection[] = [];
  for (const line of linesOf(text)) {
    const [source, destination] = endsOf(line).map(spelling);
    if (source === undefined || destination === undefined || !concerns(source, destination)) continue;
    const [connection] = readLine(line, spelling) ?? [];
    if (connection === undefined) throw new TypeError(`no entry of conntrack: ${line}`);
    found.push(connection);
  }
  return found;
};
