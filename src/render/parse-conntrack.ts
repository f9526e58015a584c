import type { Connection, ConnectionTuple } from '../model/connection.ts';
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

const tupleOf = (fields: Fields, zone: string): ConnectionTuple => ({
  source: withoutDottedTail(fields['src'] ?? ''),
  destination: withoutDottedTail(fields['dst'] ?? ''),
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

const readLine = (line: string): Connection | undefined => {
  const [head, family, protocol] = HEAD.exec(line) ?? [];
  if (head === undefined) return undefined;
  const [original, reply, whole] = splitFields(line);
  return {
    family: family === 'ipv6' ? 'ipv6' : 'ipv4',
    protocol: Number(protocol),
    original: tupleOf(original, 'zone-orig'),
    reply: tupleOf(reply, 'zone-reply'),
    zone: numberOf(whole['zone']),
    id: numberOf(whole['id']),
  };
};

/**
 * Reads what `conntrack -L -o extended,id` printed, less the entries that do not concern: there may be hundreds of
 * thousands, and few that do.
 */
export const parseConntrackList = (text: string, concerns: Concerns): readonly Connection[] => {
  const found: Connection[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    const source = valueAfter(line, ' src=', 0);
    const destination = valueAfter(line, ' src=', source.end);
    if (!concerns(withoutDottedTail(source.value), withoutDottedTail(destination.value))) continue;
    const connection = readLine(line);
    if (connection !== undefined) found.push(connection);
  }
  return found;
};
