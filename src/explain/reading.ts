import { DIRECTIONS, type Direction, PEER_FIELD } from '../model/direction.ts';
import type { Labels } from '../model/labels.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey, PolicyObject } from '../model/policy-object.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import type { IpBlock } from '../policy/cidr.ts';
import type { ParsedPolicy } from '../policy/parsed.ts';
import { parsePeer, parsePolicy } from '../policy/parse-policy.ts';

/** The cluster's policies as they are written, each read once and only when somebody asks. */
export interface Reading {
  readonly snapshot: ClusterSnapshot;
  parsed(key: PolicyKey): ParsedPolicy | undefined;
  /** Policies whose text holds the given one: a superset of those that name it as a key or a field. */
  mentioning(text: string): readonly ParsedPolicy[];
  /** The ipBlocks of all rules of a direction, equal ones once; those of policies that cannot be read may be among them. */
  ipBlocks(direction: Direction): readonly IpBlock[];
  namespaceLabels(name: string): Labels;
}

const NO_LABELS: Labels = new Map();

/** Returns the text of a spec; what cannot be written as JSON holds no text. */
const textOf = ({ spec }: PolicyObject): string => {
  try {
    return JSON.stringify(spec);
  } catch {
    return '';
  }
};

type Plain = Readonly<Record<string, unknown>>;

const asPlain = (value: unknown): Plain => (typeof value === 'object' && value !== null ? (value as Plain) : {});
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Another reader of the whole policy reports its faults. */
const NOBODY = { report: () => undefined, reportTooLarge: () => undefined };

/** Returns the ipBlocks of a direction, each once, without reading all of the policies: most clusters have few of them. */
const findBlocks = (policies: Iterable<PolicyObject>, direction: Direction): readonly IpBlock[] => {
  const found = new Map<string, readonly IpBlock[]>();
  for (const { spec } of policies) {
    for (const rule of asList(asPlain(spec)[direction])) {
      for (const peer of asList(asPlain(rule)[PEER_FIELD[direction]])) {
        const { ipBlock } = asPlain(peer);
        if (ipBlock === undefined || ipBlock === null) continue;
        const text = JSON.stringify(ipBlock);
        if (found.has(text)) continue;
        const specs = parsePeer({ ipBlock }, [], NOBODY);
        found.set(
          text,
          specs.flatMap((each) => (each.kind === 'ipBlock' ? [each.block] : [])),
        );
      }
    }
  }
  return [...found.values()].flat();
};

export const createReading = (snapshot: ClusterSnapshot): Reading => {
  const read = new Map<PolicyKey, ParsedPolicy>();
  let texts: readonly (readonly [PolicyObject, string])[] | undefined;

  const parse = (object: PolicyObject): ParsedPolicy => {
    const known = read.get(object.key) ?? parsePolicy(object);
    read.set(object.key, known);
    return known;
  };
  const mentioning = (text: string): readonly ParsedPolicy[] => {
    texts ??= [...snapshot.policies.values()].map((object) => [object, textOf(object)] as const);
    return texts.flatMap(([object, whole]) => (whole.includes(text) ? [parse(object)] : []));
  };
  const blocks = new Map<Direction, readonly IpBlock[]>();

  return {
    snapshot,
    parsed(key) {
      const object = snapshot.policies.get(key);
      return object === undefined ? undefined : parse(object);
    },
    mentioning,
    ipBlocks(direction) {
      const found = blocks.get(direction) ?? findBlocks(snapshot.policies.values(), direction);
      blocks.set(direction, found);
      return found;
    },
    namespaceLabels: (name) => snapshot.namespaces.get(name)?.labels ?? NO_LABELS,
  };
};

/** Returns the ipBlocks of both directions. */
export const allBlocks = ({ ipBlocks }: Reading): readonly IpBlock[] =>
  DIRECTIONS.flatMap((direction) => ipBlocks(direction));

/** Names the workload that a pod belongs to: pods of one name are counted as one. */
export type WorkloadOf = (pod: PodEndpoint) => string;
