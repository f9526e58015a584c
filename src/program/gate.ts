import type { Direction } from '../model/direction.ts';
import type { Cidr } from '../policy/cidr.ts';
import { DIRECTIONS } from '../model/direction.ts';
import type { Isolation } from '../policy/node-policy.ts';
import type { SetName } from './names.ts';
import { UNKNOWN_CHAIN } from './names.ts';
import type { Rule } from './node-program.ts';
import { type Recorded, refuse } from './records.ts';

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
export const createAwaited = () => {
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
