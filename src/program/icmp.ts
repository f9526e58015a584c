import type { IpFamily } from '../model/family.ts';
import { DISPATCH_CHAIN, ERRORS_CHAIN, ICMP_CHAIN, JUDGE_CHAIN, type SetName } from './names.ts';
import type { Chain, Match, Rule } from './node-program.ts';

/**
 * Errors that hosts and routers send about a packet: destination unreachable (with "fragmentation needed"), time exceeded
 * and parameter problem (RFC 792); the same and packet too big (RFC 4443). Neither redirects nor source quench.
 */
const ERROR_TYPES: Readonly<Record<IpFamily, readonly number[]>> = { ipv4: [3, 11, 12], ipv6: [1, 2, 3, 4] };

/** Neighbour solicitation and advertisement. RFC 4861, 7.1: one with another hop limit than 255 was forwarded by a router. */
const NEIGHBOUR_DISCOVERY: readonly Rule[] = [135, 136].map((type) => ({
  matches: [
    { kind: 'icmp', family: 'ipv6', type },
    { kind: 'hopLimit', equals: 255 },
  ],
  verdict: { kind: 'return' },
}));

/**
 * Multicast listener discovery: always sent with a hop limit of 1, to addresses of the link. A query goes to all nodes or
 * to the group, a report of version 1 to the group, "done" to all routers (RFC 2710), a report of version 2 to ff02::16
 * (RFC 3810, 5.2.14).
 */
const LISTENER_DISCOVERY: readonly Rule[] = (
  [
    [130, 'ff02::/16'],
    [131, 'ff02::/16'],
    [132, 'ff02::2/128'],
    [143, 'ff02::16/128'],
  ] as const
).map(([type, cidr]) => ({
  matches: [
    { kind: 'destination', cidr },
    { kind: 'icmp', family: 'ipv6', type },
    { kind: 'hopLimit', equals: 1 },
  ],
  verdict: { kind: 'return' },
}));

/** The link traffic of IPv6 between the ports of a bridge, if it traverses FORWARD. None of it is ever routed. */
const LINK: Readonly<Record<IpFamily, readonly Rule[]>> = {
  ipv4: [],
  ipv6: [...NEIGHBOUR_DISCOVERY, ...LISTENER_DISCOVERY],
};

/**
 * Separates ICMP errors about other connections from ICMP that is judged like any packet.
 * @param isolates whether a pod is isolated: then not every error passes
 */
export const icmpChain = (family: IpFamily, isolates: boolean): Chain => ({
  name: ICMP_CHAIN[family],
  rules: [
    ...ERROR_TYPES[family].map(
      (type): Rule => ({
        matches: [{ kind: 'icmp', family, type }, { kind: 'related' }],
        verdict: isolates ? { kind: 'goto', chain: ERRORS_CHAIN } : { kind: 'return' },
      }),
    ),
    ...LINK[family],
    { matches: [], verdict: { kind: 'goto', chain: JUDGE_CHAIN } },
  ],
});

/**
 * Drops errors about a live connection that no host or router sends, and judges those about a connection with the node. The
 * kernel counts an error as related only if it goes to an end of the connection that sent the quoted packet
 * (nf_conntrack_inet_error since Linux 5.1), so only its sender is left to judge. The tree of senders handles pods that are
 * isolated for egress. About a connection with the node itself only the node may send errors, and its own packets do not
 * pass here.
 *
 * @param hasSenders whether a pod is isolated for egress: then there is a tree of senders
 */
export const errorChain = (governed: SetName, nodeAddresses: readonly string[], hasSenders: boolean): Chain => ({
  name: ERRORS_CHAIN,
  rules: [
    ...nodeAddresses.flatMap((address) =>
      (['client', 'server'] as const).map((end): Rule => {
        const matches: readonly Match[] = [
          { kind: 'endOfConnection', end, address },
          { kind: 'set', set: governed, fields: 'dst' },
        ];
        return { matches, verdict: { kind: 'goto', chain: JUDGE_CHAIN } };
      }),
    ),
    ...(hasSenders ? [{ matches: [], verdict: { kind: 'goto', chain: DISPATCH_CHAIN.errors } } satisfies Rule] : []),
  ],
});
