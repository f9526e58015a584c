import type { Direction } from '../../model/direction.ts';
import type { IpFamily } from '../../model/family.ts';
import { familyOf, formatCidr } from '../../policy/cidr.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import { createAwaited, type GateOptions, type GateSets } from '../gate.ts';
import type { FamilySets } from './family-sets.ts';

/** A gate, and who tells it of the node's pods. */
export interface NodeGate extends GateOptions {
  /** Whether the address is that of a pod of the node. */
  readonly isKnown: (address: string) => boolean;
}

/** The gate of one family, kept up to date. */
export interface FamilyGate {
  /** @returns the sets that the rules name, filled; undefined where the node's pod range is not known */
  update(delta: Pick<PolicyDelta, 'isolations' | 'addresses'>): GateSets | undefined;
}

const NOTHING: ReadonlySet<string> = new Set();

export const createFamilyGate = (family: IpFamily, gate: NodeGate | undefined, sets: FamilySets): FamilyGate => {
  if (gate === undefined) return { update: () => undefined };
  const awaited = createAwaited();
  const known = new Set<string>();

  return {
    update({ isolations, addresses }) {
      awaited.update(isolations);
      for (const address of addresses) {
        if (familyOf(address) !== family) continue;
        if (gate.isKnown(address)) known.add(address);
        else known.delete(address);
      }
      const range = new Set(
        gate
          .ranges()
          .filter((cidr) => cidr.family === family)
          .map(formatCidr),
      );
      if (range.size === 0) return undefined;
      const closed = (direction: Direction): ReadonlySet<string> =>
        gate.scope === 'all' || awaited.isAny(direction) ? range : NOTHING;
      const closing = {
        ingress: sets.gate('gate ingress', closed('ingress')),
        egress: sets.gate('gate egress', closed('egress')),
      };
      return { ranges: [...range].sort(), known: sets.gate('known', known), closing };
    },
  };
};
