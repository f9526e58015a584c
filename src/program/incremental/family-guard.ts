import type { IpFamily } from '../../model/family.ts';
import type { NodeNetwork } from '../../model/node-network.ts';
import { familyOf } from '../../policy/cidr.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import type { Guarded } from '../source-check.ts';
import type { FamilySets } from './family-sets.ts';

/** Source validation's view of the node and its pods. */
export interface NodeGuard {
  /** Returns the node's network; undefined before it was read. Called at each update; the same object until it changes. */
  readonly network: () => NodeNetwork | undefined;
  /** Reports whether the address is one of a pod of the node. */
  readonly isOfPod: (address: string) => boolean;
}

/** The sets of one family that source validation needs, kept up to date. */
export interface FamilyGuard {
  /** @returns the same object while no rule changes; undefined while the node's network is not known */
  update(delta: Pick<PolicyDelta, 'addresses'>): Guarded | undefined;
}

export const createFamilyGuard = (family: IpFamily, guard: NodeGuard | undefined, sets: FamilySets): FamilyGuard => {
  if (guard === undefined) return { update: () => undefined };
  const pods = new Set<string>();
  let guarded: Guarded | undefined;

  const isOfFamily = (address: string): boolean => familyOf(address) === family;

  /** @returns whether the address has changed its owner */
  const follow = (address: string): boolean => {
    if (!isOfFamily(address) || guard.isOfPod(address) === pods.has(address)) return false;
    if (!pods.delete(address)) pods.add(address);
    return true;
  };

  return {
    update({ addresses }) {
      const moved = [...addresses].filter(follow).length > 0;
      const network = guard.network();
      if (network === undefined) guarded = undefined;
      else if (network !== guarded?.network || moved) {
        const local = sets.gate('local', new Set([...network.addresses.filter(isOfFamily), ...pods]));
        const nodes = sets.gate('nodes', new Set(network.nodes.filter(isOfFamily)));
        if (network !== guarded?.network) guarded = { network, local, nodes };
      }
      return guarded;
    },
  };
};
