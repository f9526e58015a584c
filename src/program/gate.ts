import { type Direction, DIRECTIONS } from '../model/direction.ts';
import { type Cidr, familyOf, formatCidr } from '../policy/cidr.ts';
import type { Isolation } from '../policy/node-policy.ts';
import { type SetName, UNKNOWN_CHAIN } from './names.ts';
import type { Rule } from './node-program.ts';
import { type Recorded, refuse } from './records.ts';
import type { IpFamily } from '../model/family.ts';
import type { PolicyDelta } from '../policy/incremental/policy-compiler.ts';
import type { FamilySets } from './incremental/family-sets.ts';

/** The unknown-address gate: what it closes, and when. */
export interface GateOptions {
  /** `isolated`: while an isolated pod of the node has no known address; `all`: always. */
  readonly scope: 'isolated' | 'all';
  /** Returns the known pod ranges of the node. Called at each update; the same list until it changes. */
  readonly ranges: () => readonly Cidr[];
}

/** The sets of one family's gate. */
export interface GateSets {
  /** The node's pod ranges, at least one: no other address is ever closed. */
  readonly ranges: readonly string[];
  /** The known addresses of the node's pods. */
  readonly known: SetName;
  /** The closed ranges by direction: the node's pod ranges, or none. */
  readonly closing: Readonly<Record<Direction, SetName>>;
}

const OWN = {
  ingress: { address: 'destination', fields: 'dst' },
  egress: { address: 'source', fields: 'src' },
} as const;

/**
 * Drops packets to or from an address of a closed range that no known pod owns. The rule has the range too: comparing an
 * address costs a twentieth of a set lookup, and most packets have one end elsewhere.
 */
export const gateRules = ({ ranges, known, closing }: GateSets, recorded: Recorded | undefined): readonly Rule[] =>
  DIRECTIONS.flatMap((direction) => {
    const { address, fields } = OWN[direction];
    return ranges.map(
      (cidr): Rule => ({
        matches: [
          { kind: address, cidr },
          { kind: 'set', set: closing[direction], fields },
          { kind: 'set', set: known, fields, negated: true },
          { kind: 'comment', text: 'no known pod has this address' },
        ],
        verdict: refuse(recorded, UNKNOWN_CHAIN),
      }),
    );
  });

/** Tracks the isolations that have a pod without a known address. */
const createAwaited = () => {
  const awaited: Readonly<Record<Direction, Set<string>>> = { ingress: new Set(), egress: new Set() };
  return {
    update(isolations: ReadonlyMap<string, Isolation | undefined>): void {
      for (const [key, isolation] of isolations) {
        for (const direction of DIRECTIONS) awaited[direction].delete(key);
        if (isolation?.pods.some(({ ips }) => ips.length === 0) === true) awaited[isolation.direction].add(key);
      }
    },
    isAny: (direction: Direction): boolean => awaited[direction].size > 0,
  };
};

/** A gate that knows the node's pods. */
export interface NodeGate extends GateOptions {
  /** Reports whether the address is one of a pod of the node. */
  readonly isKnown: (address: string) => boolean;
}

/** The gate of one family, kept up to date. */
interface FamilyGate {
  /** @returns the filled sets that the rules name; undefined while the node's pod range is not known */
  update(delta: Pick<PolicyDelta, 'isolations' | 'addresses'>): GateSets | undefined;
}

const NOTHING: ReadonlySet<string> = new Set();

export const createFamilyGate = (family: IpFamily, gate: NodeGate | undefined, sets: FamilySets): FamilyGate => {
  if (gate === undefined) return { update: () => undefined };
  const awaited = createAwaited();
  const known = new Set<string>();
  let cidrs: readonly Cidr[] | undefined;
  let range = NOTHING;
  let closed: Readonly<Record<Direction, ReadonlySet<string>>> = { ingress: NOTHING, egress: NOTHING };
  /** The sets as they are filled; undefined if they must be filled again. */
  let filled: GateSets | undefined;

  /** @returns whether the known addresses have changed */
  const follow = (address: string): boolean => {
    if (familyOf(address) !== family || gate.isKnown(address) === known.has(address)) return false;
    if (!known.delete(address)) known.add(address);
    return true;
  };

  return {
    update({ isolations, addresses }) {
      awaited.update(isolations);
      const moved = [...addresses].filter(follow).length > 0;
      const now = gate.ranges();
      if (now !== cidrs) {
        cidrs = now;
        range = new Set(now.filter((cidr) => cidr.family === family).map(formatCidr));
        filled = undefined;
      }
      if (range.size === 0) return undefined;
      const closedNow = (direction: Direction): ReadonlySet<string> =>
        gate.scope === 'all' || awaited.isAny(direction) ? range : NOTHING;
      const before = closed;
      closed = { ingress: closedNow('ingress'), egress: closedNow('egress') };
      const same = closed.ingress === before.ingress && closed.egress === before.egress;
      if (filled !== undefined && same && !moved) return filled;
      const closing = {
        ingress: sets.gate('gate ingress', closed.ingress),
        egress: sets.gate('gate egress', closed.egress),
      };
      filled = { ranges: [...range].sort(), known: sets.gate('known', known), closing };
      return filled;
    },
  };
};
