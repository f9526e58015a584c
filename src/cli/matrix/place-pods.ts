import { assignAddresses, MADE_UP_RANGES } from '../../cluster/assign-addresses.ts';
import type { IpFamily } from '../../model/family.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import { familyOf } from '../../policy/cidr.ts';
import { compileNodePolicy } from '../../policy/compile.ts';

/** More pods than a /16 has room for are placed in the private range of that size (RFC 1918). */
const MOST_IN_RANGE = 65_000;
const LARGE_RANGE = '10.0.0.0/8';

const rangeFor = (family: IpFamily, pods: number): string =>
  family === 'ipv4' && pods > MOST_IN_RANGE ? LARGE_RANGE : MADE_UP_RANGES[family];

/** A cluster in which every pod that policy can concern has an address. */
export interface PlacedCluster {
  readonly snapshot: ClusterSnapshot;
  /** Pods that a question can name, sorted by name: none on the host network, whose address is its node's. */
  readonly pods: readonly PodEndpoint[];
  /** How many of them got a made-up address. */
  readonly madeUp: number;
  readonly families: readonly IpFamily[];
}

const compareNames = (a: PodEndpoint, b: PodEndpoint): number => {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : Number(left > right);
};

/** The families of pods and ipBlocks; IPv4 where nothing says. */
const familiesOf = (snapshot: ClusterSnapshot): readonly IpFamily[] => {
  const found = new Set([...snapshot.pods.values()].flatMap(({ ips }) => ips.map(familyOf)));
  if (found.size === 0) {
    for (const { rules } of compileNodePolicy(snapshot, undefined).isolations) {
      for (const peer of rules.flatMap(({ peers }) => peers)) {
        if (peer.kind === 'ipBlock') found.add(peer.block.cidr.family);
      }
    }
  }
  return found.size === 0 ? ['ipv4'] : [...found].sort();
};

/**
 * Gives the pods that have none an address in each family that is in use, the same in every run.
 *
 * @param previous another state of the cluster: pods that were there keep the addresses that they were given
 */
export const placePods = (given: ClusterSnapshot, previous?: ClusterSnapshot): PlacedCluster => {
  const families = familiesOf(given);
  const placed = assignAddresses(given.pods, {
    nodes: [''],
    ...(previous !== undefined && { previous: previous.pods }),
    cidrsOf: () => families.map((family) => rangeFor(family, given.pods.size)),
  });
  const concerned = [...given.pods.values()].filter((pod) => !pod.hostNetwork);
  return {
    snapshot: { ...given, pods: placed },
    pods: [...placed.values()].filter((pod) => !pod.hostNetwork).sort(compareNames),
    madeUp: concerned.filter((pod) => pod.ips.length === 0).length,
    families,
  };
};
