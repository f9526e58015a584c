import type { IpFamily } from '../model/family.ts';
import { parseCidr } from '../policy/cidr.ts';
import type { BridgeRules, DropReason } from './bridge-program.ts';
import { type Chain, drop, TARGET, IS_DISCOVERY, IS_MLD, LONGEST_ARP, LONGEST_DISCOVERY } from './rule-words.ts';

/** Unowned addresses from which a pod without isolation may send. */
const ON_LINK: Readonly<Record<IpFamily, readonly string[]>> = {
  // Before an address is known, and addresses that hosts give themselves (RFC 3927, RFC 4291).
  ipv4: ['0.0.0.0', '169.254.0.0/16'],
  ipv6: ['::', 'fe80::/10'],
};

/** Accepts free addresses on the link, then drops the rest; drops nothing if the link's blocks are not known. */
const onLink = (family: IpFamily, field: string, subnets: readonly string[], reason: DropReason): readonly string[] =>
  subnets.length === 0
    ? ['accept']
    : [`${field} { ${[...ON_LINK[family], ...subnets].join(', ')} } accept`, drop(reason)];

/** Matches if the target of neighbour discovery is in the block. */
const isTargetIn = (block: string): readonly string[] => {
  const cidr = parseCidr(block);
  return cidr === undefined || cidr.prefix === 0
    ? []
    : [`@th,64,${cidr.prefix} 0x${(cidr.base >> BigInt(128 - cidr.prefix)).toString(16)}`];
};

/** Accepts claims of the port's own or a free address on the link; of any address if the link's blocks are not known. */
const targetOnLink = (subnets: readonly string[]): readonly string[] =>
  subnets.length === 0
    ? []
    : [
        `iifname . ${TARGET} @nd6 return`,
        ...['fe80::/10', ...subnets].flatMap(isTargetIn).map((match) => `${match} return`),
        drop('nd'),
      ];

/** Drops claims of addresses that belong to another port or to the node, for every port. */
const claims: readonly Chain[] = [
  {
    name: 'claims',
    rules: [
      `iifname . ether saddr != @ownmac ether saddr @protmac ${drop('mac')}`,
      'meta protocol arp goto claims-arp',
      'meta protocol ip goto claims-ip',
      'meta protocol ip6 goto claims-ip6',
    ],
  },
  {
    name: 'claims-arp',
    rules: [
      `iifname . arp saddr ether != @ownmac arp saddr ether @protmac ${drop('arp')}`,
      `iifname . arp saddr ip != @own4 arp saddr ip @prot4 ${drop('arp')}`,
    ],
  },
  { name: 'claims-ip', rules: [`iifname . ip saddr != @own4 ip saddr @prot4 ${drop('source')}`] },
  {
    name: 'claims-ip6',
    rules: [
      `icmpv6 type nd-neighbor-advert iifname . ${TARGET} != @nd6 ${TARGET} @pnd6 ${drop('nd')}`,
      // A host that is about to take the address (RFC 4862, 5.4.2).
      `icmpv6 type nd-neighbor-solicit ip6 saddr :: iifname . ${TARGET} != @nd6 ${TARGET} @pnd6 ${drop('nd')}`,
      `iifname . ip6 saddr != @own6 ip6 saddr @prot6 ${drop('source')}`,
    ],
  },
];

/** The same for sets of addresses that no pod may claim, or no pod whose own addresses are known. */
const forbidden = (name: string, four: string, six: string, nd: string): readonly Chain[] => [
  {
    name,
    rules: [
      `arp saddr ip @${four} ${drop('arp')}`,
      `ip saddr @${four} ${drop('source')}`,
      `icmpv6 type nd-neighbor-advert ${TARGET} @${nd} ${drop('nd')}`,
      `icmpv6 type nd-neighbor-solicit ip6 saddr :: ${TARGET} @${nd} ${drop('nd')}`,
      `ip6 saddr @${six} ${drop('source')}`,
    ],
  },
];

/** Lets an isolated pod's port send only from the pod's own addresses, and ask only for peers that it may reach. */
const fromIsolated: readonly Chain[] = [
  {
    name: 'from-isolated',
    rules: [
      `ether type != { ip, ip6, arp } ${drop('ethertype')}`,
      `iifname . ether saddr != @ownmac ${drop('mac')}`,
      'ether type arp goto from-isolated-arp',
      'ether type ip6 goto from-isolated-ip6',
      'iifname . ip saddr @own4 accept',
      drop('source'),
    ],
  },
  {
    name: 'from-isolated-arp',
    rules: [
      `meta length > ${LONGEST_ARP} ${drop('arp')}`,
      'arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation { request, reply } goto from-isolated-asking',
      drop('arp'),
    ],
  },
  {
    name: 'from-isolated-asking',
    rules: [
      `iifname . arp saddr ether != @ownmac ${drop('arp')}`,
      // An address probe: no other host may have the address (RFC 5227).
      'arp saddr ip 0.0.0.0 iifname . arp daddr ip @own4 accept',
      `iifname . arp saddr ip != @own4 ${drop('arp')}`,
      'iifname != @caged4 accept',
      `arp daddr ether != { 00:00:00:00:00:00, ff:ff:ff:ff:ff:ff } arp daddr ether != @protmac ${drop('arp')}`,
      'arp daddr ip @prot4 accept',
      'arp daddr ip @named4 accept',
      'arp daddr ip @wanted4 accept',
      drop('arp'),
    ],
  },
  {
    name: 'from-isolated-ip6',
    rules: [
      `iifname != @v6 ${drop('address')}`,
      `ip6 nexthdr ipv6-icmp ${IS_DISCOVERY} goto from-isolated-nd`,
      // The bridge itself reads them (multicast snooping); other ports do not receive them.
      `${IS_MLD} ip6 hoplimit 1 ip6 saddr :: accept`,
      `${IS_MLD} ip6 hoplimit 1 iifname . ip6 saddr @own6 accept`,
      `icmpv6 type { 130-137, 143 } ${drop('nd')}`,
      'iifname . ip6 saddr @own6 accept',
      drop('source'),
    ],
  },
  {
    name: 'from-isolated-nd',
    rules: [
      `ip6 hoplimit != 255 ${drop('nd')}`,
      `meta length > ${LONGEST_DISCOVERY} ${drop('nd')}`,
      `icmpv6 type nd-neighbor-advert iifname . ${TARGET} != @nd6 ${drop('nd')}`,
      `icmpv6 type nd-neighbor-solicit ip6 saddr :: iifname . ${TARGET} @nd6 accept`,
      `iifname . ip6 saddr != @own6 ${drop('nd')}`,
      'icmpv6 type nd-neighbor-advert accept',
      'iifname != @caged6 accept',
      `${TARGET} @pnd6 accept`,
      `${TARGET} @nnd6 accept`,
      `${TARGET} @wnd6 accept`,
      drop('nd'),
    ],
  },
];

const TAGGED_TO_NODE = `ether type { 8021q, 8021ad } ether daddr @bridgemac ${drop('ethertype')}`;

const fromOthers = ({ subnets }: BridgeRules): readonly Chain[] => [
  {
    name: 'from-known',
    rules: [
      TAGGED_TO_NODE,
      'jump claims',
      'jump claims-named',
      'jump claims-wanted',
      'iifname @routers accept',
      'goto on-link',
    ],
  },
  { name: 'from-uplink', rules: ['jump claims'] },
  {
    name: 'from-unknown',
    rules: [
      TAGGED_TO_NODE,
      'jump claims',
      'jump claims-named',
      'arp saddr ip @wanted4 update @claims4 { iifname . arp saddr ether . arp saddr ip }',
      'icmpv6 type nd-neighbor-advert ip6 saddr @wanted6 update @claims6 { iifname . ether saddr . ip6 saddr }',
      'goto on-link',
    ],
  },
  {
    name: 'on-link',
    rules: [
      'meta protocol arp goto on-link-arp',
      'meta protocol ip goto on-link-ip',
      'meta protocol ip6 goto on-link-ip6',
    ],
  },
  {
    name: 'on-link-arp',
    rules: ['iifname . arp saddr ip @own4 accept', ...onLink('ipv4', 'arp saddr ip', subnets.ipv4, 'arp')],
  },
  {
    name: 'on-link-ip',
    rules: ['iifname . ip saddr @own4 accept', ...onLink('ipv4', 'ip saddr', subnets.ipv4, 'source')],
  },
  {
    name: 'on-link-ip6',
    rules: [
      'icmpv6 type nd-neighbor-advert jump on-link-target',
      'iifname . ip6 saddr @own6 accept',
      ...onLink('ipv6', 'ip6 saddr', subnets.ipv6, 'source'),
    ],
  },
  { name: 'on-link-target', rules: targetOnLink(subnets.ipv6) },
];

/** Returns the chains for frames from a port: which MACs and addresses it may claim, and what isolated pods may send. */
export const fromPorts = (rules: BridgeRules): readonly Chain[] => [
  ...fromIsolated,
  ...fromOthers(rules),
  ...claims,
  ...forbidden('claims-named', 'named4', 'named6', 'nnd6'),
  ...forbidden('claims-wanted', 'wanted4', 'wanted6', 'wnd6'),
];
