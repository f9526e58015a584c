import type { AllowRule, Isolation } from '../policy/node-policy.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { portsOf } from '../trace/grants.ts';
import { unitePorts } from '../trace/port-set.ts';
import { BitSet } from './bit-set.ts';
import { NONE, type PortSets, type PortsId } from './port-sets.ts';
import type { SelectingPeer } from './peer-members.ts';

/** Ends at which an isolation allows the same ports. */
export interface Cell {
  readonly ports: PortsId;
  readonly ends: BitSet;
}

/** The other ends of one direction's isolations, in classes. */
export interface Ends {
  readonly count: number;
  /** The classes that a peer means. */
  meant(peer: SelectingPeer): BitSet;
  /** Who receives the packets, where that is the other end, for the names of ports; undefined where no pod surely does. */
  ownerOf(end: number): PodEndpoint | undefined;
}

/** Returns the ports that the rule allows, by ends: several cells only if a port's name depends on the end. */
const cellsOfRule = (
  { peers, ports }: AllowRule,
  { direction, pods }: Isolation,
  ends: Ends,
  portSets: PortSets,
): readonly Cell[] => {
  const meant = new BitSet(ends.count);
  for (const peer of peers) meant.addAll(peer.kind === 'any' ? BitSet.full(ends.count) : ends.meant(peer));
  const idFor = (destination: PodEndpoint | undefined): PortsId =>
    portSets.idOf(unitePorts(ports.map((port) => portsOf(port, destination))));
  // Pods of one isolation agree on the names of its ingress rules.
  if (direction === 'ingress') return [{ ports: idFor(pods[0]), ends: meant }];
  if (ports.every(({ kind }) => kind !== 'named')) return [{ ports: idFor(undefined), ends: meant }];
  const cells = new Map<PortsId, BitSet>();
  meant.forEach((end) => {
    const id = idFor(ends.ownerOf(end));
    const known = cells.get(id) ?? new BitSet(ends.count);
    cells.set(id, known);
    known.add(end);
  });
  return [...cells].map(([id, members]) => ({ ports: id, ends: members }));
};

/**
 * Cuts the other ends by the ports that an isolation allows there: cells do not overlap, and what is in none may use no port.
 */
export const cellsOf = (isolation: Isolation, ends: Ends, portSets: PortSets): readonly Cell[] => {
  let cells = new Map<PortsId, BitSet>();
  const put = (into: Map<PortsId, BitSet>, ports: PortsId, members: BitSet): void => {
    if (members.isEmpty()) return;
    const known = into.get(ports);
    if (known === undefined) into.set(ports, members);
    else known.addAll(members);
  };
  for (const rule of isolation.rules) {
    for (const added of cellsOfRule(rule, isolation, ends, portSets)) {
      if (added.ports === NONE) continue;
      const next = new Map<PortsId, BitSet>();
      let fresh = added.ends;
      for (const [ports, members] of cells) {
        put(next, ports, members.without(added.ends));
        put(next, portSets.unite(ports, added.ports), members.and(added.ends));
        fresh = fresh.without(members);
      }
      put(next, added.ports, fresh);
      cells = next;
    }
  }
  return [...cells].map(([ports, members]) => ({ ports, ends: members }));
};

export const portsAt = (cells: readonly Cell[], end: number): PortsId => {
  for (const { ports, ends } of cells) if (ends.has(end)) return ports;
  return NONE;
};
