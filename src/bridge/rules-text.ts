import type { IpFamily } from '../model/family.ts';
import { parseCidr } from '../policy/cidr.ts';
import { type BridgeRules, DROP_REASONS, type DropReason } from './bridge-program.ts';

/** Before br_netfilter (0) and connection tracking (-200 of the IP hooks), which are called from hooks of the bridge. */
const PRIORITY = -300;

/** ARP of Ethernet and IPv4 is 28 bytes, in the shortest frame 46: what is longer carries something else. */
const LONGEST_ARP = 46;
/** The IPv6 header, a solicitation, and the options for the sender's MAC and a nonce (RFC 4861, RFC 7527). */
const LONGEST_DISCOVERY = 80;

/** Reported at most so often, each reason by itself. */
const LOG_LIMIT = 'limit rate 10/second burst 20 packets';

const drop = (reason: DropReason): string => `goto drop-${reason}`;

/** The target of a neighbour solicitation or advertisement. */
const TARGET = '@th,64,128';
const IS_DISCOVERY = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }';
/** Router discovery and redirects: nothing that is isolated takes or sends them. */
const OF_ROUTERS = 'icmpv6 type { nd-router-solicit, nd-router-advert, nd-redirect }';
const IS_MLD = 'icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report }';
/** A unicast MAC: the group bit is not set. */
const UNICAST = 'ether daddr & 01:00:00:00:00:00 == 00:00:00:00:00:00';

interface Chain {
  readonly name: string;
  /** Type, hook and priority of a base chain. */
  readonly base?: string;
  readonly rules: readonly string[];
}

const hook = (name: string): string => `type filter hook ${name} priority ${PRIORITY}; policy accept;`;

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

/**
 * To an address of the port's own. Where iptables judges the family that is enough; where it does not see the packet, the
 * sender has to be the one it says, and nothing else gets through.
 */
const toOwn = (field: 'ip' | 'ip6', judged: boolean): readonly string[] => {
  const digit = field === 'ip' ? 4 : 6;
  const isOwn = `oifname . ${field} daddr @own${digit}`;
  return judged
    ? [`${isOwn} accept`, `${field} daddr @prot${digit} ${drop('address')}`, 'accept']
    : [`${isOwn} iifname . ${field} saddr @own${digit} accept`, `${isOwn} iifname != @known accept`, drop('address')];
};

const toIsolated = ({ judged }: BridgeRules): readonly Chain[] => [
  {
    name: 'leave-isolated',
    rules: [
      `${IS_MLD} ${drop('nd')}`,
      `ip daddr @prot4 oifname . ip daddr != @own4 ${drop('flood')}`,
      `ip6 daddr @prot6 oifname . ip6 daddr != @own6 ${drop('flood')}`,
    ],
  },
  {
    name: 'to-isolated',
    rules: [
      `ether type != { ip, ip6, arp } ${drop('ethertype')}`,
      // Sent to all ports because the bridge does not know the MAC.
      `${UNICAST} oifname . ether daddr != @ownmac ${drop('flood')}`,
      'ether type arp goto to-isolated-arp',
      'ether type ip6 goto to-isolated-ip6',
      ...toOwn('ip', judged.ipv4),
    ],
  },
  {
    name: 'to-isolated-arp',
    rules: [
      `meta length > ${LONGEST_ARP} ${drop('arp')}`,
      `arp operation != { request, reply } ${drop('arp')}`,
      'oifname != @caged4 accept',
      'oifname . arp daddr ip @own4 goto arp-sender',
      'iifname . arp daddr ip @own4 goto arp-sender',
      drop('arp'),
    ],
  },
  {
    name: 'arp-sender',
    rules: [
      'iifname . arp saddr ip @own4 accept',
      'arp saddr ip 0.0.0.0 iifname . arp daddr ip @own4 accept',
      'iifname != @known accept',
      drop('arp'),
    ],
  },
  {
    name: 'to-isolated-ip6',
    rules: [
      `oifname != @v6 ${drop('address')}`,
      `ip6 nexthdr ipv6-icmp ${IS_DISCOVERY} goto to-isolated-nd`,
      `icmpv6 type { 130-137, 143 } ${drop('nd')}`,
      ...toOwn('ip6', judged.ipv6),
    ],
  },
  {
    name: 'to-isolated-nd',
    rules: [
      `ip6 hoplimit != 255 ${drop('nd')}`,
      `meta length > ${LONGEST_DISCOVERY} ${drop('nd')}`,
      'oifname != @caged6 accept',
      `icmpv6 type nd-neighbor-solicit oifname . ${TARGET} @nd6 goto nd-sender`,
      `iifname . ${TARGET} @nd6 goto nd-sender`,
      'icmpv6 type nd-neighbor-advert iifname != @known accept',
      drop('nd'),
    ],
  },
  {
    name: 'nd-sender',
    rules: [
      'iifname . ip6 saddr @own6 accept',
      'icmpv6 type nd-neighbor-solicit ip6 saddr :: accept',
      'iifname != @known accept',
      drop('nd'),
    ],
  },
];

/** From the node: its own packets, and those that it routes. Their sources are for the IP hooks. */
const fromNode: readonly Chain[] = [
  {
    name: 'from-node',
    rules: [
      `ether type != { ip, ip6, arp } ${drop('ethertype')}`,
      `ether type ip6 oifname != @v6 ${drop('address')}`,
      `${OF_ROUTERS} ${drop('nd')}`,
      `ether daddr & 01:00:00:00:00:00 == 01:00:00:00:00:00 accept`,
      `oifname . ether daddr != @ownmac ${drop('flood')}`,
      'ether type arp accept',
      'oifname . ip daddr @own4 accept',
      'oifname . ip6 daddr @own6 accept',
      drop('address'),
    ],
  },
];

const bases: readonly Chain[] = [
  {
    name: 'prerouting',
    base: hook('prerouting'),
    rules: [
      'iifname @others accept',
      'iifname @isolated goto from-isolated',
      'iifname @known goto from-known',
      'iifname @uplinks goto from-uplink',
      'goto from-unknown',
    ],
  },
  {
    name: 'forward',
    base: hook('forward'),
    rules: ['iifname @isolated jump leave-isolated', 'oifname @isolated goto to-isolated'],
  },
  { name: 'output', base: hook('output'), rules: ['oifname @isolated goto from-node'] },
];

const drops = (logGroup: number | undefined): readonly Chain[] =>
  DROP_REASONS.map((reason) => ({
    name: `drop-${reason}`,
    rules: [
      ...(logGroup === undefined ? [] : [`${LOG_LIMIT} log prefix "PORTCULLIS-BRIDGE-${reason}" group ${logGroup}`]),
      `counter name "n-${reason}" drop`,
    ],
  }));

const chainText = ({ name, base, rules }: Chain): string =>
  [`  chain ${name} {`, ...(base === undefined ? [] : [base, '']), ...rules]
    .map((line, at) => (at === 0 || line === '' ? line : `    ${line}`))
    .concat('  }', '')
    .join('\n');

/** The chains of the table, as nft takes them. */
export const chainsText = (rules: BridgeRules): string =>
  [
    ...bases,
    ...fromIsolated,
    ...fromOthers(rules),
    ...claims,
    ...forbidden('claims-named', 'named4', 'named6', 'nnd6'),
    ...forbidden('claims-wanted', 'wanted4', 'wanted6', 'wnd6'),
    ...toIsolated(rules),
    ...fromNode,
    ...drops(rules.logGroup),
  ]
    .map(chainText)
    .join('\n');
