import type { IpFamily } from '../model/family.ts';
import { canonical, familyOf, hostCidr, LINK_LOCAL_ROUTER, linkLocal, macFor, ofFamily } from './addresses.ts';

/** The only interface of a pod or external, inside its own namespace. */
export const INNER_INTERFACE = 'eth0';

/** The veth end inside a pod's or external's namespace. */
export interface InnerEnd {
  /** Identifies this link within the lab. */
  readonly index: number;
  /** Canonical addresses; the first of a family is the preferred source. */
  readonly ips: readonly string[];
  /** The router's IPv4 address. The router answers ARP for any of its addresses here, so it needs none on this link. */
  readonly gateway: string | undefined;
  /** Returns `ip` with its prefix length: its own /32 or /128, or a shorter one if neighbours share the link. */
  readonly onLink: (ip: string) => string;
}

const inner = INNER_INTERFACE;

/** Returns batch lines that set the end's addresses and routes, and replace earlier ones. */
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

/** Returns batch lines that bring up a new end. */
export const innerUpLines = (end: InnerEnd, families: readonly IpFamily[]): readonly string[] => [
  'link set lo up',
  `link set ${inner} addrgenmode none`,
  `link set ${inner} up`,
  ...(families.includes('ipv6') ? [`address add ${linkLocal(end.index)}/64 dev ${inner} nodad`] : []),
  ...innerAddressLines(end, families),
];

/** Returns batch lines for the router's end of a link that is not a bridge port. */
export const outerUpLines = (device: string, families: readonly IpFamily[]): readonly string[] => [
  `link set ${device} addrgenmode none`,
  `link set ${device} up`,
  ...(families.includes('ipv6') ? [`address add ${LINK_LOCAL_ROUTER}/64 dev ${device} nodad`] : []),
];

/** Returns the addresses in canonical form without duplicates. @throws if one is not an address */
export const canonicalAll = (ips: readonly string[]): readonly string[] => [...new Set(ips.map(canonical))];
