import type { IpFamily } from '../model/family.ts';
import type { BridgeRules } from './bridge-program.ts';
import {
  type Chain,
  drop,
  TARGET,
  IS_DISCOVERY,
  OF_ROUTERS,
  IS_MLD,
  UNICAST,
  LONGEST_ARP,
  LONGEST_DISCOVERY,
} from './rule-words.ts';

/**
 * Judges packets to an address of the port. If iptables judges the family, that is enough; if iptables does not see the
 * packet, the sender must be what it claims, and nothing else passes. Packets to other addresses pass to iptables only
 * if a rule allows every peer: iptables judges the packet that opens a connection, and a sender's connection with
 * another host is open already.
 */
const toOwn = (field: 'ip' | 'ip6', judged: boolean): readonly string[] => {
  const digit = field === 'ip' ? 4 : 6;
  const isOwn = `oifname . ${field} daddr @own${digit}`;
  return judged
    ? [
        `${isOwn} accept`,
        `oifname @shut${digit} ${drop('address')}`,
        `${field} daddr @prot${digit} ${drop('address')}`,
        'accept',
      ]
    : [`${isOwn} iifname . ${field} saddr @own${digit} accept`, `${isOwn} iifname != @known accept`, drop('address')];
};

/** Multicast groups, and addresses that machines on the link may have or give themselves. */
const ON_LINK: Readonly<Record<IpFamily, readonly string[]>> = {
  ipv4: ['169.254.0.0/16', '224.0.0.0/4', '255.255.255.255'],
  ipv6: ['fe80::/10', 'ff00::/8'],
};

/**
 * Drops packets to destinations beyond the link. These belong to the node, which routes them, or to a routing pod; in a frame
 * to another pod they would arrive as part of a connection that the sender may have. Drops nothing if the link's blocks are
 * not known.
 */
const beyondTheLink = (family: IpFamily, subnets: readonly string[]): readonly string[] => {
  const [field, digit] = family === 'ipv4' ? ['ip', 4] : ['ip6', 6];
  const near = [...ON_LINK[family], ...subnets].join(', ');
  return subnets.length === 0
    ? []
    : [`iifname @caged${digit} oifname != @routers ${field} daddr != { ${near} } ${drop('flood')}`];
};

const toIsolated = ({ judged, subnets }: BridgeRules): readonly Chain[] => [
  {
    name: 'leave-isolated',
    rules: [
      `${IS_MLD} ${drop('nd')}`,
      `ip daddr @prot4 oifname . ip daddr != @own4 ${drop('flood')}`,
      `ip6 daddr @prot6 oifname . ip6 daddr != @own6 ${drop('flood')}`,
      ...beyondTheLink('ipv4', subnets.ipv4),
      ...beyondTheLink('ipv6', subnets.ipv6),
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

/** Judges packets from the node: its own, and those that it routes. The IP hooks validate their sources. */
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

/** Returns the chains for frames to an isolated pod, from other ports and from the node. */
export const toIsolatedPorts = (rules: BridgeRules): readonly Chain[] => [...toIsolated(rules), ...fromNode];
