import type { PodEndpoint } from '../model/pod.ts';
import { type Cidr, covers, parseAddress, parseCidr } from '../policy/cidr.ts';
import type { End } from './end.ts';
import type { FormerAddresses } from './former-addresses.ts';

/** The present owners of addresses. */
export interface Names {
  /** The pods that may have the address, those of the host network left out. */
  readonly podsAt: (address: string) => readonly PodEndpoint[];
  /** The name of the node whose address it is. */
  readonly nodeAt: (address: string) => string | undefined;
  readonly former: FormerAddresses;
}

/** Where AWS, Azure, GCP and others answer (169.254.169.254), ECS its tasks, and AWS by IPv6. */
const METADATA: readonly string[] = ['169.254.169.254', '169.254.170.2', 'fd00:ec2::254', '100.100.100.200'];

const blocks = (...texts: readonly string[]): readonly Cidr[] => texts.flatMap((text) => parseCidr(text) ?? []);

/** RFC 1918, RFC 6598, RFC 4193. */
const PRIVATE = blocks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7');
/** Link-local, group, broadcast, unspecified and loopback (RFC 6890). */
const LINK = blocks(
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '0.0.0.0/8',
  '127.0.0.0/8',
  'fe80::/10',
  'ff00::/8',
  '::/127',
);

/** Labels of the pods of CoreDNS and kube-dns in every distribution that is known. */
const isDns = ({ labels, namespace }: PodEndpoint): boolean =>
  namespace === 'kube-system' && (labels.get('k8s-app') === 'kube-dns' || labels.get('k8s-app') === 'coredns');

/** Returns the pod's address of the same family as another address, IPv4 where there is none; otherwise its first. */
export const addressLike = ({ ips }: PodEndpoint, other: string | undefined): string =>
  ips.find((ip) => ip.includes(':') === (other?.includes(':') ?? false)) ?? ips[0] ?? '';

/** The pod as an end, at one of its addresses. */
export const podEnd = (pod: PodEndpoint, address: string): End => ({
  kind: 'pod',
  address,
  namespace: pod.namespace,
  name: pod.name,
  ...(pod.workload === undefined ? {} : { workload: pod.workload }),
  ...(isDns(pod) ? { isDns: true } : {}),
});

/** Names who has the address, canonical text. */
export const nameEnd = ({ podsAt, nodeAt, former }: Names, address: string): End => {
  const [pod] = podsAt(address);
  if (pod !== undefined) return podEnd(pod, address);
  const node = nodeAt(address);
  if (node !== undefined) return { kind: 'node', address, name: node };
  const owner = former.at(address);
  if (owner !== undefined) {
    return { kind: 'former', address, pod: owner.pod, until: new Date(owner.until).toISOString() };
  }
  if (METADATA.includes(address)) return { kind: 'metadata', address };
  const cidr = parseAddress(address);
  const isIn = (all: readonly Cidr[]): boolean => cidr !== undefined && all.some((block) => covers(block, cidr));
  if (isIn(LINK)) return { kind: 'link', address };
  return { kind: isIn(PRIVATE) ? 'private' : 'internet', address };
};
