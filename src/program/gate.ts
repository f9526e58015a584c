import type { Direction } from '../model/direction.ts';
import type { Cidr } from '../policy/cidr.ts';
import { DIRECTIONS } from '../model/direction.ts';
import type { Isolation } from '../policy/node-policy.ts';
import type { SetName } from './names.ts';
import { UNKNOWN_CHAIN } from './names.ts';
import type { Rule } from './node-program.ts';
import { type Recorded, refuse } from './records.ts';

/** Addresses of the node's pod range that no known pod has: what is closed there, and when. */
export interface GateOptions {
  /** `isolated`: while a pod of the node that some policy isolates has no known address; `all`: always. */
  readonly scope: 'isolated' | 'all';
  /** The node's pod range, as far as it is known; asked at each update. The same list until it is another. */
  readonly ranges: () => readonly Cidr[];
}

/** The gate of one family, in force. */
export interface GateSets {
  /** The node's pod ranges, at least one: nothing else is ever closed. */
  readonly ranges: readonly string[];
  /** The addresses that pods of the node are known to have. */
  readonly known: SetName;
  /** What is closed in the direction: the node's pod range, or nothing. */
  readonly closing: Readonly<Record<Direction, SetName>>;
}

const OWN = {
  ingress: { address: 'destination', fields: 'dst' },
  egress: { address: 'source', fields: 'src' },
} as const;

/**
 * Drops what goes to or comes from an address of a closed range that no pod is known to have. The range stands in the rule
 * as well: to compare an address costs a twentieth of a look into a set, and most packets have one end elsewhere.
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

/** Follows which isolations have pods whose address is not known yet. */
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
