import { PROTOCOLS, type Protocol } from '../model/protocol.ts';
import { formatAddress, parseAddress } from '../policy/cidr.ts';
import type { Entry, LabelPairs, Meta, StoryResult } from './entries.ts';

/** Longer names exist in no cluster: those of objects have up to 253 characters (DNS subdomains, RFC 1123). */
const MAX_NAME = 253;
const MAX_TEXT = 4_096;
const MAX_LIST = 1_024;
const MAX_PORT = 65_535;

/** A value that does not have the form of an entry. */
class NotAnEntry extends Error {}

type Plain = Readonly<Record<string, unknown>>;

const asPlain = (value: unknown): Plain => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotAnEntry('not an object');
  return value as Plain;
};

const text = (value: unknown, max = MAX_NAME): string => {
  if (typeof value !== 'string' || value.length > max) throw new NotAnEntry(`not a text of up to ${max} characters`);
  return value;
};

const name = (value: unknown): string => {
  const read = text(value);
  if (read === '') throw new NotAnEntry('a name is empty');
  return read;
};

const number = (value: unknown, max = Number.MAX_SAFE_INTEGER): number => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new NotAnEntry(`not a whole number up to ${max}`);
  }
  return value;
};

const list = <T>(value: unknown, read: (item: unknown) => T): readonly T[] => {
  if (!Array.isArray(value) || value.length > MAX_LIST) throw new NotAnEntry(`not a list of up to ${MAX_LIST} items`);
  return value.map(read);
};

const oneOf = <T extends string>(value: unknown, known: readonly T[]): T => {
  const found = known.find((each) => each === value);
  if (found === undefined) throw new NotAnEntry(`not one of ${known.join(', ')}`);
  return found;
};

const address = (value: unknown): string => {
  const parsed = parseAddress(text(value));
  if (parsed === undefined) throw new NotAnEntry('not an address');
  return formatAddress(parsed);
};

const labels = (value: unknown): LabelPairs =>
  list(value, (pair) => {
    const [key, labelValue] = list(pair, (each) => text(each, MAX_NAME * 2));
    return [key ?? '', labelValue ?? ''] as const;
  });

const protocol = (value: unknown): Protocol => oneOf(value, PROTOCOLS);

const port = (value: unknown): { readonly name?: string; readonly protocol: Protocol; readonly port: number } => {
  const plain = asPlain(value);
  return {
    ...(plain['name'] === undefined ? {} : { name: text(plain['name']) }),
    protocol: protocol(plain['protocol']),
    port: number(plain['port'], MAX_PORT),
  };
};

const result = (value: unknown): StoryResult => {
  const plain = asPlain(value);
  return {
    from: text(plain['from'], MAX_NAME * 2 + 1),
    attempt: text(plain['attempt'], MAX_TEXT),
    ending: text(plain['ending'], MAX_TEXT),
    verdict: oneOf(plain['verdict'], ['allowed', 'refused', 'failed']),
    isAsTold: plain['isAsTold'] === true,
  };
};

const step = (value: unknown): { readonly say: string; readonly commands: readonly string[] } => {
  const plain = asPlain(value);
  return { say: text(plain['say'], MAX_TEXT), commands: list(plain['commands'], (each) => text(each, MAX_TEXT)) };
};

const KINDS = ['namespace', 'pod', 'policy', 'outside', 'seen', 'event', 'problem', 'story', 'base'] as const;

const read = (value: unknown): Entry => {
  const plain = asPlain(value);
  const kind = oneOf(plain['kind'], KINDS);
  switch (kind) {
    case 'namespace':
      return { kind, name: name(plain['name']), labels: labels(plain['labels']) };
    case 'pod': {
      const workload = asPlain(plain['workload']);
      return {
        kind,
        uid: text(plain['uid'], MAX_NAME * 2 + 1),
        namespace: name(plain['namespace']),
        name: name(plain['name']),
        workload: { kind: name(workload['kind']), name: name(workload['name']) },
        node: text(plain['node']),
        labels: labels(plain['labels']),
        ips: list(plain['ips'], address),
        hostIPs: list(plain['hostIPs'], address),
        hostNetwork: plain['hostNetwork'] === true,
        ports: list(plain['ports'], port),
      };
    }
    case 'policy':
    case 'base':
      return { kind, namespace: name(plain['namespace']), name: name(plain['name']), spec: plain['spec'] };
    case 'outside':
      return {
        kind,
        name: name(plain['name']),
        ips: list(plain['ips'], address),
        ports: list(plain['ports'], port),
      };
    case 'seen':
      return {
        kind,
        from: address(plain['from']),
        to: address(plain['to']),
        protocol: protocol(plain['protocol']),
        port: number(plain['port'], MAX_PORT),
        verdict: oneOf(plain['verdict'], ['allowed', 'refused']),
        count: number(plain['count']),
        first: number(plain['first']),
        last: number(plain['last']),
      };
    case 'event':
      return {
        kind,
        number: number(plain['number']),
        at: number(plain['at']),
        what: oneOf(plain['what'], ['policy', 'change', 'refused', 'allowed']),
        text: text(plain['text'], MAX_TEXT),
      };
    case 'problem':
      return { kind, text: text(plain['text'], MAX_TEXT) };
    case 'story':
      return {
        kind,
        number: number(plain['number']),
        title: text(plain['title'], MAX_TEXT),
        intro: text(plain['intro'], MAX_TEXT),
        steps: list(plain['steps'], step),
        ...(plain['at'] === undefined ? {} : { at: number(plain['at']) }),
        isShown: plain['isShown'] === true,
        results: list(plain['results'], result),
      };
  }
};

/** Returns the entry that a value is; undefined where it is none. A server that lies cannot make the page fail. */
export const readEntry = (value: unknown): Entry | undefined => {
  try {
    return read(value);
  } catch (error) {
    if (error instanceof NotAnEntry) return undefined;
    throw error;
  }
};

const readLeftOut = (value: unknown): Meta['leftOut'] =>
  Object.fromEntries(
    Object.entries(asPlain(value)).flatMap(([key, count]) =>
      KINDS.some((kind) => kind === key) ? [[key, number(count)]] : [],
    ),
  );

/** Returns the facts about a state; undefined where the value has another form. */
export const readMeta = (value: unknown): Meta | undefined => {
  try {
    const plain = asPlain(value);
    return {
      title: text(plain['title'], MAX_TEXT),
      mode: oneOf(plain['mode'], ['folder', 'playground', 'cluster']),
      observes: plain['observes'] === true,
      ...(plain['against'] === undefined ? {} : { against: text(plain['against'], MAX_TEXT) }),
      leftOut: readLeftOut(plain['leftOut']),
    };
  } catch (error) {
    if (error instanceof NotAnEntry) return undefined;
    throw error;
  }
};
