import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { type Cidr, covers, familyOf, parseAddress, parseCidr } from '../policy/cidr.ts';
import {
  earlier,
  type Evidence,
  type FarAddress,
  later,
  type Party,
  partyKey,
  seenKey,
  type SeenEdge,
} from './seen-edges.ts';

/** An ipBlock as it is written. */
export interface WrittenBlock {
  readonly ipBlock: { readonly cidr: string; readonly except?: readonly string[] };
}

/** Above this number the addresses of the internet are no longer listed: they belong to a service that changes them. */
const MOST_LISTED = 4;

/** All of the internet but addresses of private use and of one link (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291). */
const INTERNET: Readonly<Record<IpFamily, WrittenBlock>> = {
  ipv4: {
    ipBlock: {
      cidr: '0.0.0.0/0',
      except: ['10.0.0.0/8', '100.64.0.0/10', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
    },
  },
  ipv6: { ipBlock: { cidr: '::/0', except: ['fc00::/7', 'fe80::/10'] } },
};

const blocksOf = (texts: readonly string[]): readonly Cidr[] => texts.flatMap((text) => parseCidr(text) ?? []);

const PRIVATE: readonly Cidr[] = Object.values(INTERNET).flatMap(({ ipBlock: { except = [] } }) => blocksOf(except));

/** Reports whether pods of a family have addresses that count as internet: then its block would mean these pods too. */
export const hasPublicPods = (pods: Iterable<PodEndpoint>): ((family: IpFamily) => boolean) => {
  const families = new Set<IpFamily>();
  for (const { ips, hostNetwork } of pods) {
    if (hostNetwork) continue;
    for (const ip of ips) {
      const address = parseAddress(ip);
      if (address !== undefined && !PRIVATE.some((block) => covers(block, address))) families.add(address.family);
    }
  }
  return (family) => families.has(family);
};

/** Returns an address as a peer; undefined where the records do not tell which address it was. */
export const peerOfAddress = ({ address, whole }: FarAddress): WrittenBlock | undefined => {
  if (whole !== undefined) return INTERNET[whole];
  if (address === '') return undefined;
  return { ipBlock: { cidr: `${address}/${familyOf(address) === 'ipv4' ? 32 : 128}` } };
};

/** Records that do not tell addresses apart do not tell families apart either; nearly all of the internet is IPv4. */
const familyAt = (address: string): IpFamily => (address === '' ? 'ipv4' : familyOf(address));

const isInternet = (party: Party): party is FarAddress => party.kind === 'address' && party.class === 'internet';

const join = (one: Evidence, other: Evidence): Evidence => ({
  count: one.count + other.count,
  first: earlier(one.first, other.first),
  last: later(one.last, other.last),
});

const wholeOf = (family: IpFamily, addresses: ReadonlySet<string>): FarAddress => {
  const number = addresses.has('') ? 'unlisted' : `${addresses.size}`;
  const text = `the internet (${family === 'ipv6' ? 'IPv6, ' : ''}${number} addresses)`;
  return { kind: 'address', class: 'internet', address: '', whole: family, text };
};

/**
 * Takes the internet as one end where a workload talks to many of its addresses, or to ones that keep changing: the next one is not
 * among those that were seen.
 *
 * @param isFresh tells an edge that was met for the first time near the end of the watching
 * @param isPublic tells a family in which pods have addresses of the internet: there each address is listed
 */
export const joinInternet = (
  edges: readonly SeenEdge[],
  isFresh: (edge: SeenEdge) => boolean,
  isPublic: (family: IpFamily) => boolean,
): readonly SeenEdge[] => {
  const sideOf = ({
    source,
    destination,
  }: SeenEdge): { readonly key: string; readonly far: FarAddress } | undefined => {
    const far = [source, destination].find(isInternet);
    if (far === undefined || isPublic(familyAt(far.address))) return undefined;
    const isSource = far === source;
    return { key: `${isSource} ${partyKey(isSource ? destination : source)} ${familyAt(far.address)}`, far };
  };
  const sides = Map.groupBy(edges, (edge) => sideOf(edge)?.key);
  const joined = new Map<string, SeenEdge>();
  for (const [key, ofSide] of sides) {
    const addresses = new Set(ofSide.map((edge) => sideOf(edge)?.far.address ?? ''));
    const isChanging = addresses.size > 1 && ofSide.some(isFresh);
    const isJoined = key !== undefined && (addresses.has('') || addresses.size > MOST_LISTED || isChanging);
    for (const edge of ofSide) {
      const far = sideOf(edge)?.far;
      const whole = isJoined && far !== undefined ? wholeOf(familyAt(far.address), addresses) : undefined;
      const replaced: SeenEdge =
        whole === undefined ? edge : { ...edge, ...(edge.source === far ? { source: whole } : { destination: whole }) };
      const known = joined.get(seenKey(replaced));
      const evidence = known === undefined ? edge.evidence : join(known.evidence, edge.evidence);
      joined.set(seenKey(replaced), { ...replaced, evidence });
    }
  }
  return [...joined.values()];
};
