import type { Direction } from '../model/direction.ts';
import type { Cidr } from '../policy/cidr.ts';
import { DIRECTIONS } from '../model/direction.ts';
import type { Isolation } from '../policy/node-policy.ts';
import type { SetName } from './names.ts';
import type { Rule } from './node-program.ts';

/** Addresses of the node's pod range that no known pod has: what is closed there, and when. */
export interface GateOptions {
  /** `isolated`: while a pod of the node that some policy isolates has no known address; `all`: always. */
  readonly scope: 'isolated' | 'all';
  /** The node's pod range, as far as it is known; asked at each update. */
  readonly ranges: () => readonly Cidr[];
}

/** The gate of one family, in force. */
export interface GateSets {
  /** The addresses that pods of the node are known to have. */
  readonly known: SetName;
  /** What is closed in the direction: the node's pod range, or nothing. */
  readonly closing: Readonly<Record<Direction, SetName>>;
}

const OWN_FIELD = { ingress: 'dst', egress: 'src' } as const;

/** Drops what goes to or comes from an address of a closed range that no pod is known to have. */
export const gateRules = ({ known, closing }: GateSets): readonly Rule[] =>
  DIRECTIONS.map((direction) => ({
    matches: [
      { kind: 'set', set: closing[direction], fields: OWN_FIELD[direction] },
      { kind: 'set', set: known, fields: OWN_FIELD[direction], negated: true },
      { kind: 'comment', text: 'no known pod has this address' },
    ],
    verdict: { kind: 'drop' },
  }));

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
