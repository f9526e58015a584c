import type { IpFamily } from '../model/family.ts';
import { canonical, familyOf, hostCidr, LINK_LOCAL_ROUTER, linkLocal, macFor, ofFamily } from './addresses.ts';

/** The one interface of a pod or external, inside its own namespace. */
export const INNER_INTERFACE = 'eth0';

/** The end of a veth pair inside a pod's or external's namespace. */
export interface InnerEnd {
  /** Tells this link from the others of the lab. */
  readonly index: number;
  /** Canonical addresses; the first of a family is the preferred source. */
  readonly ips: readonly string[];
  /** The router's IPv4 address: any address of the router answers ARP here, so it needs none on this link. */
  readonly gateway: string | undefined;
  /** The prefix length that `ip` is added with: its own /32 or /128, or wider where neighbours share the link. */
  readonly onLink: (ip: string) => string;
}

const inner = INNER_INTERFACE;

/** Batch lines that give the end its addresses and routes; they replace what an earlier call gave it. */
export const innerAddressLines = (end: InnerEnd, families: readonly IpFamily[]): readonly string[] => {
  const ofBoth = families.flatMap((family) => ofFamily(family, end.ips));
  const [first] = ofBoth;
  const v4 = end.gateway !== undefined && ofFamily('ipv4', ofBoth).length > 0;
  return [
    ...(first === undefined ? [] : [`link set ${inner} address ${macFor(first)}`]),
    `address flush dev ${inner} scope global`,
    ...ofBoth.map((ip) => `address add ${end.onLink(ip)} dev ${inner}${familyOf(ip) === 'ipv6' ? ' nodad' : ''}`),
    ...(v4
      ? [
          `route replace ${hostCidr(end.gateway)} dev ${inner} scope link`,
          `route replace default via ${end.gateway} dev ${inner} onlink`,
        ]
      : []),
    ...(ofFamily('ipv6', ofBoth).length > 0
      ? [`route replace default via ${LINK_LOCAL_ROUTER} dev ${inner} onlink`]
      : []),
  ];
};

/** Batch lines that bring a fresh end up. */
export const innerUpLines = (end: InnerEnd, families: readonly IpFamily[]): readonly string[] => [
  'link set lo up',
  `link set ${inner} addrgenmode none`,
  `link set ${inner} up`,
  ...(families.includes('ipv6') ? [`address add ${linkLocal(end.index)}/64 dev ${inner} nodad`] : []),
  ...innerAddressLines(end, families),
];

/** Batch lines for the router's end of a link that stands alone (not a bridge port). */
export const outerUpLines = (device: string, families: readonly IpFamily[]): readonly string[] => [
  `link set ${device} addrgenmode none`,
  `link set ${device} up`,
  ...(families.includes('ipv6') ? [`address add ${LINK_LOCAL_ROUTER}/64 dev ${device} nodad`] : []),
];

/** Addresses as the lab keeps them: canonical and each once. @throws where one is not an address. */
export const canonicalAll = (ips: readonly string[]): readonly string[] => [...new Set(ips.map(canonical))];
