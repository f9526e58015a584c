import { numberText } from './elements.ts';
import {
  BRIDGE_SETS,
  type BridgeProgram,
  type BridgeSet,
  DROP_REASONS,
  type DropReason,
  type Element,
} from './bridge-program.ts';

/** The content of our table in the kernel. */
export interface ObservedBridge {
  readonly sets: Readonly<Record<BridgeSet, ReadonlySet<string>>>;
  /** Chains, rules and the names of sets, without elements and counts. */
  readonly shape: string;
}

type Json = Readonly<Record<string, unknown>>;

const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const scalar = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);

/** Formats a field as nft does: quotes around names of interfaces, numbers without leading zeros. */
const fieldText = (field: unknown, type: unknown): string => {
  const text = scalar(field);
  if (type === 'ifname') return `"${text}"`;
  return type === 'integer' && /^(?:0x[0-9a-f]+|\d+)$/.test(text) ? numberText(BigInt(text)) : text;
};

const elementText = (element: unknown, types: readonly unknown[]): string => {
  const fields = Array.isArray(asObject(element)['concat']) ? asList(asObject(element)['concat']) : [element];
  return fields.map((field, at) => fieldText(field, types[at])).join(' . ');
};

const withoutNumbers = (key: string, value: unknown): unknown =>
  key === 'handle' || key === 'packets' || key === 'bytes' || key === 'elem' ? undefined : value;

/** Returns the objects of `nft -j list …`. @throws SyntaxError for invalid JSON */
const objectsIn = (json: string): readonly Json[] => asList(asObject(JSON.parse(json))['nftables']).map(asObject);

/** Parses the output of `nft -j list table bridge portcullis`. @throws SyntaxError */
export const parseBridgeTable = (json: string): ObservedBridge => {
  const objects = objectsIn(json);
  const sets = Object.fromEntries(BRIDGE_SETS.map((name) => [name, new Set<string>()])) as Record<
    BridgeSet,
    Set<string>
  >;
  for (const object of objects) {
    const set = asObject(object['set']);
    const held = sets[scalar(set['name']) as BridgeSet] as Set<string> | undefined;
    const types = Array.isArray(set['type']) ? asList(set['type']) : [set['type']];
    for (const element of asList(set['elem'])) held?.add(elementText(element, types));
  }
  const shape = JSON.stringify(
    objects.filter((object) => object['metainfo'] === undefined),
    withoutNumbers,
  );
  return { sets, shape };
};

/** Reports whether each set has exactly its wanted elements. */
export const holdsElements = ({ sets }: ObservedBridge, program: BridgeProgram): boolean =>
  BRIDGE_SETS.every(
    (name) =>
      sets[name].size === program.sets[name].size && program.sets[name].isSubsetOf(sets[name] as ReadonlySet<Element>),
  );

/**
 * Returns the dropped packets since the table was made, by reason, from `nft -j list counters table bridge portcullis`.
 * @throws SyntaxError
 */
export const parseDropCounts = (json: string): ReadonlyMap<DropReason, number> => {
  const counts = new Map<string, number>();
  for (const object of objectsIn(json)) {
    const { name, packets } = asObject(object['counter']);
    if (typeof name === 'string' && typeof packets === 'number') counts.set(name, packets);
  }
  return new Map(DROP_REASONS.map((reason) => [reason, counts.get(`n-${reason}`) ?? 0]));
};

/** A port that answered for an address, with the MAC in the answer. */
export interface Claim {
  readonly port: string;
  readonly mac: string;
  readonly address: string;
}

/** Parses the output of `nft -j list set bridge portcullis claims4`. @throws SyntaxError */
export const parseClaims = (json: string): readonly Claim[] =>
  objectsIn(json)
    .flatMap((object) => asList(asObject(object['set'])['elem']))
    .flatMap((element) => {
      const value = asObject(asObject(element)['elem'])['val'] ?? element;
      const [port, mac, address] = asList(asObject(value)['concat']).map(scalar);
      return port === undefined || mac === undefined || address === undefined ? [] : [{ port, mac, address }];
    });
