import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import type { Isolation, NodePolicy } from '../policy/node-policy.ts';
import { findExemption } from '../trace/exemption.ts';
import type { PolicyIndex } from '../trace/policy-index.ts';
import { type Cell, cellsOf, type Ends, portsAt } from './allowed-ends.ts';
import { BitSet } from './bit-set.ts';
import { classifyOutside, type OutsideClass, type OutsideClasses } from './outside-classes.ts';
import { memberKey, type SelectingPeer } from './peer-members.ts';
import { addressOf, type PodClasses } from './pod-classes.ts';
import { ALL, type PortSets, type PortsId } from './port-sets.ts';

/**
 * Verdicts of one family between classes of ends. As sources and as destinations the classes of pods come first, in their
 * order; those of the outside follow.
 */
export interface FamilyReach {
  readonly family: IpFamily;
  readonly outsideSources: readonly OutsideClass[];
  readonly outsideDestinations: readonly OutsideClass[];
  /**
   * The ports at which a pod of the source class may open connections to another pod of the destination class. Undefined where
   * an end has no address of the family, and between two ends outside.
   */
  ports(source: number, destination: number): PortsId | undefined;
  /** Reports whether policies isolate an end in its direction. */
  isRuled(source: number, destination: number): boolean;
}

export interface FamilyReachParts {
  readonly policy: NodePolicy;
  readonly index: PolicyIndex;
  readonly pods: PodClasses;
  readonly portSets: PortSets;
  /** Addresses of pods and nodes. */
  readonly inside: ReadonlySet<string>;
}

export const createFamilyReach = (parts: FamilyReachParts, family: IpFamily): FamilyReach => {
  const { policy, index, pods, portSets, inside } = parts;
  const podCount = pods.classes.length;
  const addresses = pods.classes.map(({ pods: [pod] }) => pod && addressOf(pod, family));
  const outside: Readonly<Record<Direction, OutsideClasses>> = {
    ingress: classifyOutside(policy, 'ingress', family, inside),
    egress: classifyOutside(policy, 'egress', family, inside),
  };

  const endsOf = (direction: Direction): Ends => {
    const count = podCount + outside[direction].classes.length;
    const known = new Map<string, BitSet>();
    const find = (peer: SelectingPeer): BitSet =>
      BitSet.of(count, [
        ...pods.meant(peer, family),
        ...outside[direction].meant(peer).map((number) => podCount + number),
      ]);
    return {
      count,
      meant(peer) {
        const key = memberKey(peer);
        const found = known.get(key) ?? find(peer);
        known.set(key, found);
        return found;
      },
      ownerOf(end) {
        const address = addresses[end];
        return address === undefined ? undefined : index.ownerAt(address);
      },
    };
  };
  const ends: Readonly<Record<Direction, Ends>> = { ingress: endsOf('ingress'), egress: endsOf('egress') };

  const cells = new Map<Isolation, readonly Cell[]>();
  const cellsFor = (isolation: Isolation): readonly Cell[] => {
    const found = cells.get(isolation) ?? cellsOf(isolation, ends[isolation.direction], portSets);
    cells.set(isolation, found);
    return found;
  };
  /** For each class of pods what isolates it: more than one where more than one pod may have its address. */
  const sidesOf = (direction: Direction): readonly (readonly (readonly Cell[])[])[] =>
    addresses.map((address) =>
      address === undefined ? [] : index.isolationsAt(direction, address).map(({ isolation }) => cellsFor(isolation)),
    );
  const sides = { ingress: sidesOf('ingress'), egress: sidesOf('egress') };

  const hasAddress = (end: number): boolean => end >= podCount || addresses[end] !== undefined;
  const isExempt = (source: number, destination: number): boolean => {
    if (pods.classes[source]?.isSpecial !== true && pods.classes[destination]?.isSpecial !== true) return false;
    const [from, to] = [addresses[source], addresses[destination]];
    return from !== undefined && to !== undefined && findExemption(index, from, to) !== undefined;
  };
  const isolating = (direction: Direction, end: number): readonly (readonly Cell[])[] => sides[direction][end] ?? [];

  return {
    family,
    outsideSources: outside.ingress.classes,
    outsideDestinations: outside.egress.classes,
    ports(source, destination) {
      if (source >= podCount && destination >= podCount) return undefined;
      if (!hasAddress(source) || !hasAddress(destination)) return undefined;
      if (isExempt(source, destination)) return ALL;
      let ports: PortsId = ALL;
      for (const side of isolating('ingress', destination)) ports = portSets.intersect(ports, portsAt(side, source));
      for (const side of isolating('egress', source)) ports = portSets.intersect(ports, portsAt(side, destination));
      return ports;
    },
    isRuled: (source, destination) =>
      isolating('ingress', destination).length > 0 || isolating('egress', source).length > 0,
  };
};
