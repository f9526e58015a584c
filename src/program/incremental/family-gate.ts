import type { Direction } from '../../model/direction.ts';
import type { IpFamily } from '../../model/family.ts';
import { type Cidr, familyOf, formatCidr } from '../../policy/cidr.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import { createAwaited, type GateOptions, type GateSets } from '../gate.ts';
import type { FamilySets } from './family-sets.ts';

/** A gate that knows the node's pods. */
export interface NodeGate extends GateOptions {
  /** Reports whether the address is one of a pod of the node. */
  readonly isKnown: (address: string) => boolean;
}

/** The gate of one family, kept up to date. */
export interface FamilyGate {
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
