import ipaddr from 'ipaddr.js';
import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { isIPv6 } from './address.ts';

/** The ranges of pods that have no addresses of their own: those that documentation and many CNIs use. */
export const MADE_UP_RANGES: Readonly<Record<IpFamily, string>> = { ipv4: '10.244.0.0/16', ipv6: 'fd00:10:244::/64' };

export interface AddressPlan {
  /** Pods without a node get these in turn; if empty, they get none. */
  readonly nodes: readonly string[];
  /** Returns the CIDRs that a node's pods have addresses from, one per family. All nodes may share them. */
  cidrsOf(node: string): readonly string[];
  /** An earlier result. What it assigned stays, so that no other pod gets a new address when pods come or go. */
  readonly previous?: ReadonlyMap<string, PodEndpoint>;
}

/** Index of the first address that pods get: those before it are the network's own and its gateway's. */
const FIRST_HOST = 2n;

const toNumber = (bytes: readonly number[]): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const toText = (number: bigint, length: number): string => {
  const bytes = Array.from({ length }, (_, index) => Number((number >> BigInt(8 * (length - 1 - index))) & 0xffn));
  const address = ipaddr.fromByteArray(bytes);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
};

/** Yields the addresses of a range that pods may have, in order. The last one of an IPv4 range is its broadcast address. */
function* hostsOf(cidr: string): Generator<string> {
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  const bytes = address.toByteArray();
  const size = 1n << BigInt(bytes.length * 8 - prefix);
  const network = toNumber(bytes) & ~(size - 1n);
  const end = address.kind() === 'ipv4' ? size - 1n : size;
  for (let host = FIRST_HOST; host < end; host += 1n) yield toText(network + host, bytes.length);
}

/** Hands out the free addresses of CIDRs. Ranges that are equal or overlap give each address once. */
const createPool = (taken: ReadonlySet<string>): ((cidr: string) => string) => {
  const used = new Set(taken);
  const cursors = new Map<string, Generator<string>>();
  return (cidr) => {
    const cursor = cursors.get(cidr) ?? hostsOf(cidr);
    cursors.set(cidr, cursor);
    for (;;) {
      const next = cursor.next();
      if (next.done === true) throw new RangeError(`${cidr} has no address left for another pod`);
      if (used.has(next.value)) continue;
      used.add(next.value);
      return next.value;
    }
  };
};

const byName = (one: PodEndpoint, other: PodEndpoint): number => {
  const [left, right] = [`${one.namespace}/${one.name}`, `${other.namespace}/${other.name}`];
  return left < right ? -1 : Number(left > right);
};

/**
 * Assigns what a scheduler and a CNI would: nodes, then addresses, to the pods of manifests that lack them. The result does
 * not depend on the order of pods: sorted by namespace and name, they get nodes in turn and the lowest free address.
 * A pod on the host network gets no address of its own: it has its node's.
 *
 * @throws RangeError when a range is used up; Error for an invalid CIDR.
 */
export const assignAddresses = (
  pods: ReadonlyMap<string, PodEndpoint>,
  { nodes, cidrsOf, previous = new Map() }: AddressPlan,
): ReadonlyMap<string, PodEndpoint> => {
  const sorted = [...pods.values()].sort(byName);
  let turn = 0;
  const placed = sorted.map((pod): PodEndpoint => {
    const kept = previous.get(pod.uid);
    const node = pod.node || kept?.node || (nodes[turn++ % nodes.length] ?? '');
    // An address from another node's range would not be routed there.
    const ips = pod.ips.length === 0 && kept?.node === node && !pod.hostNetwork ? kept.ips : pod.ips;
    return { ...pod, node, ips };
  });
  const nextFree = createPool(new Set(placed.flatMap((pod) => pod.ips)));
  return new Map(
    placed.map((pod): [string, PodEndpoint] => {
      if (pod.ips.length > 0 || pod.hostNetwork) return [pod.uid, pod];
      const ips = cidrsOf(pod.node).map(nextFree);
      return [pod.uid, { ...pod, ips: ips.toSorted((one, other) => Number(isIPv6(one)) - Number(isIPv6(other))) }];
    }),
  );
};
