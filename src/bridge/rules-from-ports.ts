import type { IpFamily } from '../model/family.ts';
import { parseCidr } from '../policy/cidr.ts';
import type { BridgeRules, DropReason } from './bridge-program.ts';
import { type Chain, drop, TARGET, IS_DISCOVERY, IS_MLD, LONGEST_ARP, LONGEST_DISCOVERY } from './rule-words.ts';

/** Addresses from which a pod that no policy isolates may send although they are nobody's. */
const ON_LINK: Readonly<Record<IpFamily, readonly string[]>> = {
  // Before an address is known, and those that hosts give themselves (RFC 3927, RFC 4291).
  ipv4: ['0.0.0.0', '169.254.0.0/16'],
  ipv6: ['::', 'fe80::/10'],
};

/** `accept` for free addresses on the link, and after them the drop; nothing is dropped where the link's blocks are not known. */
const onLink = (family: IpFamily, field: string, subnets: readonly string[], reason: DropReason): readonly string[] =>
  subnets.length === 0
    ? ['accept']
    : [`${field} { ${[...ON_LINK[family], ...subnets].join(', ')} } accept`, drop(reason)];

/** Whether the target of neighbour discovery lies in the block. */
const isTargetIn = (block: string): readonly string[] => {
  const cidr = parseCidr(block);
  return cidr === undefined || cidr.prefix === 0
    ? []
    : [`@th,64,${cidr.prefix} 0x${(cidr.base >> BigInt(128 - cidr.prefix)).toString(16)}`];
};

/** Who says that an address is his says so of his own, or of a free one on the link; of others where its blocks are not known. */
const targetOnLink = (subnets: readonly string[]): readonly string[] =>
  subnets.length === 0
    ? []
    : [
        `iifname . ${TARGET} @nd6 return`,
        ...['fe80::/10', ...subnets].flatMap(isTargetIn).map((match) => `${match} return`),
        drop('nd'),
      ];

/** What every port may not claim: what belongs to another one, or to the node. */
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
      // Of somebody who is about to take the address (RFC 4862, 5.4.2).
      `icmpv6 type nd-neighbor-solicit ip6 saddr :: iifname . ${TARGET} != @nd6 ${TARGET} @pnd6 ${drop('nd')}`,
      `iifname . ip6 saddr != @own6 ip6 saddr @prot6 ${drop('source')}`,
    ],
  },
];

/** The same for sets of addresses that are to be claimed by no pod at all, or by none whose own addresses are known. */
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

/** An isolated pod's port sends what is the pod's own, and asks for those alone that it may speak to. */
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
      // Nobody else may have the address (RFC 5227).
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
      // The bridge itself listens to them (multicast snooping); no other port is sent them.
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

/** The chains that frames meet when they come from a port: who may claim which MAC and address, and what isolated pods may send. */
export const fromPorts = (rules: BridgeRules): readonly Chain[] => [
  ...fromIsolated,
  ...fromOthers(rules),
  ...claims,
  ...forbidden('claims-named', 'named4', 'named6', 'nnd6'),
  ...forbidden('claims-wanted', 'wanted4', 'wanted6', 'wnd6'),
];
