import { ADDRESS_BITS, formatAddress, parseCidr } from '../../../src/policy/cidr.ts';
import { createRandom } from '../../random.ts';
import { type FuzzCluster, NODES } from '../fuzz-cluster.ts';
import type { FuzzPacket } from '../fuzz-packet.ts';

const OUTSIDE = ['203.0.113.7', '203.0.113.200', '198.51.100.9', '10.0.1.77', '2001:db8::7', 'fd77::7', 'fd00:2::99'];

const PROTOCOLS = ['TCP', 'TCP', 'TCP', 'UDP', 'UDP', 'SCTP', 'other'] as const;
const PORTS = [1, 22, 53, 80, 81, 443, 8080, 65_535];

/** Unicast addresses that a router forwards: no martians (RFC 1812, 5.3.7), no multicast, nothing link-local. */
const isForwarded = (address: string): boolean =>
  address.includes(':')
    ? /^(?:fd|[23])[0-9a-f]{1,3}:/.test(address)
    : /^(?!0\.|127\.|169\.254\.|22[4-9]\.|2[3-5]\d\.)/.test(address);

/** Returns the addresses at both edges of a block and just outside. */
const edgesOf = (cidr: string): readonly string[] => {
  const block = parseCidr(cidr);
  if (block === undefined) return [];
  const { family, base, prefix } = block;
  const last = base + (1n << BigInt(ADDRESS_BITS[family] - prefix)) - 1n;
  const end = 1n << BigInt(ADDRESS_BITS[family]);
  return [base - 1n, base, last, last + 1n]
    .filter((each) => each >= 0n && each < end)
    .map((each) => formatAddress({ family, base: each }));
};

const rulesOf = ({ policies }: FuzzCluster) =>
  policies.flatMap(({ meaning: { ingress = [], egress = [] } }) => [
    ...ingress.map(({ from = [], ports = [] }) => ({ peers: from, ports })),
    ...egress.map(({ to = [], ports = [] }) => ({ peers: to, ports })),
  ]);

/** Returns every address that may matter, with the pods' own several times. */
const interestingAddresses = (cluster: FuzzCluster): readonly string[] => {
  const ofPods = cluster.pods.flatMap(({ status }) => (status.podIPs ?? []).map(({ ip }) => ip));
  const ofNodes = NODES.flatMap(({ ips }) => ips);
  const edges = rulesOf(cluster).flatMap(({ peers }) =>
    peers.flatMap(({ ipBlock }) =>
      ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])].flatMap(edgesOf),
    ),
  );
  return [...ofPods, ...ofPods, ...ofPods, ...ofNodes, ...OUTSIDE, ...edges].filter(isForwarded);
};

const interestingPorts = (cluster: FuzzCluster): readonly number[] => {
  const ofRules = rulesOf(cluster).flatMap(({ ports }) =>
    ports.flatMap(({ port, endPort }) =>
      typeof port !== 'number'
        ? []
        : [port - 1, port, port + 1, ...(endPort === undefined ? [] : [endPort - 1, endPort, endPort + 1])],
    ),
  );
  const declared = cluster.pods.flatMap(({ spec }) =>
    [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ ports = [] }) =>
      ports.map(({ containerPort }) => containerPort),
    ),
  );
  return [...PORTS, ...ofRules, ...declared, ...declared].filter((port) => port >= 1 && port <= 65_535);
};

/** Returns `count` packets between addresses and at ports that occur in the cluster; the same ones for the same seed. */
export const packetsFor = (cluster: FuzzCluster, count: number, seed: number): readonly FuzzPacket[] => {
  const random = createRandom(seed);
  const addresses = interestingAddresses(cluster);
  const byFamily = {
    four: addresses.filter((address) => !address.includes(':')),
    six: addresses.filter((address) => address.includes(':')),
  };
  const ports = interestingPorts(cluster);
  const pods = cluster.pods.flatMap(({ status }) => (status.podIPs ?? []).map(({ ip }) => ip));
  return Array.from({ length: count }, () => {
    // Packets between two unknown addresses test little.
    const one = random.pick(pods.length > 0 ? pods : addresses);
    const other = random.pick(one.includes(':') ? byFamily.six : byFamily.four);
    const [from, to] = random.chance(0.5) ? [one, other] : [other, one];
    const protocol = random.pick(PROTOCOLS);
    const port = protocol === 'other' ? 0 : random.chance(0.9) ? random.pick(ports) : 1 + random.below(65_535);
    return { from, to, protocol, port };
  });
};
