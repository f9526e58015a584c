import type { End } from '../records/end.ts';
import type { StoredFlow } from '../records/record.ts';

/** How a node kept its records, as far as a suggestion depends on it. */
export interface WatchedNode {
  readonly node: string;
  /** Since when records are kept, ISO 8601. */
  readonly since: string;
  /** What is missing of them, in words. */
  readonly gaps: readonly string[];
}

/** The recorded edges of some nodes. */
export interface FlowsDocument {
  readonly flows: readonly StoredFlow[];
  /** Empty where the input does not say how it was recorded. */
  readonly nodes: readonly WatchedNode[];
  /** Nodes whose agent did not answer, and why. */
  readonly unanswered: readonly { readonly node: string; readonly error: string }[];
}

type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const KINDS: readonly End['kind'][] = ['pod', 'node', 'metadata', 'former', 'link', 'private', 'internet'];

const fail = (where: string, what: string): never => {
  throw new TypeError(`${where}: ${what}`);
};

const objectAt = (value: unknown, where: string): Plain => (isPlain(value) ? value : fail(where, 'is no object'));

const textAt = (of: Plain, key: string, where: string): string => {
  const value = of[key];
  return typeof value === 'string' ? value : fail(`${where}.${key}`, 'is no text');
};

const timeAt = (of: Plain, key: string, where: string): string => {
  const text = textAt(of, key, where);
  return Number.isNaN(Date.parse(text)) ? fail(`${where}.${key}`, `"${text}" is no ISO 8601 time`) : text;
};

const endAt = (of: Plain, key: string, where: string): End => {
  const place = `${where}.${key}`;
  const end = objectAt(of[key], place);
  const kind = KINDS.find((known) => known === end['kind']);
  if (kind === undefined) return fail(`${place}.kind`, `is none of ${KINDS.join(', ')}`);
  textAt(end, 'address', place);
  if (kind === 'pod') {
    textAt(end, 'namespace', place);
    if (end['workload'] !== undefined) textAt(end, 'workload', place);
  }
  if (kind === 'pod' || kind === 'node') textAt(end, 'name', place);
  if (kind === 'former') textAt(end, 'pod', place);
  return end as unknown as End;
};

const MAX_PORT = 65_535;

const flowAt = (value: unknown, where: string): StoredFlow => {
  const flow = objectAt(value, where);
  const { verdict, port, count = 1 } = flow;
  if (verdict !== 'allowed' && verdict !== 'denied') fail(`${where}.verdict`, 'is neither allowed nor denied');
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    fail(`${where}.port`, `is no whole number from 0 to ${MAX_PORT}`);
  }
  if (typeof count !== 'number' || !(count >= 0)) fail(`${where}.count`, 'is no number of 0 or more');
  textAt(flow, 'protocol', where);
  textAt(flow, 'node', where);
  endAt(flow, 'source', where);
  endAt(flow, 'destination', where);
  const at = timeAt(flow, 'at', where);
  const since = flow['since'] === undefined ? at : timeAt(flow, 'since', where);
  return { ...(flow as unknown as StoredFlow), count: count as number, since };
};

const numberAt = (of: Plain, key: string): number => (typeof of[key] === 'number' ? of[key] : 0);

/** Reads what the status of an agent's records says. */
const watchedAt = (value: unknown, where: string): WatchedNode => {
  const status = objectAt(value, where);
  const [forgotten, lost] = [numberAt(status, 'forgotten'), numberAt(status, 'lost')];
  const { notKept, resolution } = status;
  return {
    node: textAt(status, 'node', where),
    since: timeAt(status, 'since', where),
    gaps: [
      ...(typeof notKept === 'string' ? [notKept] : []),
      ...(forgotten === 0 ? [] : [`${forgotten} records were given up for room`]),
      ...(lost === 0 ? [] : [`${lost} reports of the kernel were lost`]),
      ...(typeof resolution === 'string' && resolution.includes('class')
        ? ['addresses outside the cluster were taken together']
        : []),
    ],
  };
};

const listAt = (of: Plain, key: string, where: string): readonly unknown[] => {
  const value = of[key] ?? [];
  return Array.isArray(value) ? (value as readonly unknown[]) : fail(`${where}${key}`, 'is no list');
};

/**
 * Reads what `portcullis flows -o json` prints, of one node or of several: `{status, flows}`, or `{nodes, flows}` with
 * `{node, status}` or `{node, error}` for each node. A list of records, as `flows -w -o json` prints them, is read too.
 *
 * @param name of the input, for errors
 * @throws TypeError that names the field
 */
export const readFlows = (value: unknown, name: string): FlowsDocument => {
  const document = Array.isArray(value) ? { flows: value as readonly unknown[] } : objectAt(value, name);
  if (document['flows'] === undefined) fail(name, 'has no flows: give what portcullis flows -o json prints');
  const flows = listAt(document, 'flows', `${name}: `).map((flow, at) => flowAt(flow, `${name}: flows[${at}]`));
  const status = document['status'];
  const hasStatus = isPlain(status) && status['node'] !== undefined;
  const nodes = listAt(document, 'nodes', `${name}: `).map((each, at) => objectAt(each, `${name}: nodes[${at}]`));
  return {
    flows,
    nodes: [
      ...(hasStatus ? [watchedAt(status, `${name}: status`)] : []),
      ...nodes.flatMap((each, at) =>
        each['status'] === undefined ? [] : [watchedAt(each['status'], `${name}: nodes[${at}].status`)],
      ),
    ],
    unanswered: nodes.flatMap((each, at) =>
      each['error'] === undefined
        ? []
        : [
            {
              node: textAt(each, 'node', `${name}: nodes[${at}]`),
              error: textAt(each, 'error', `${name}: nodes[${at}]`),
            },
          ],
    ),
  };
};

/** Puts the records of several inputs together. */
export const joinFlows = (documents: readonly FlowsDocument[]): FlowsDocument => ({
  flows: documents.flatMap(({ flows }) => flows),
  nodes: documents.flatMap(({ nodes }) => nodes),
  unanswered: documents.flatMap(({ unanswered }) => unanswered),
});
