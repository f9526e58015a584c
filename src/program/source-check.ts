import type { IpFamily } from '../model/family.ts';
import type { NodeNetwork, TunnelProtocol } from '../model/node-network.ts';
import { type Reports, reportRules } from './records.ts';
import { INJECTED_CHAIN, SOURCES_CHAIN, type SetName, SPOOFED_CHAIN, TUNNELS_CHAIN } from './names.ts';
import type { Chain, Match, RawHook, Rule, TableProgram, Verdict } from './node-program.ts';
import { mergeRanges } from '../model/port-range.ts';
import { chunkRanges } from './ports.ts';

/** The node's network in one family. */
export interface Guarded {
  readonly network: NodeNetwork;
  /** The addresses of the node and of its pods. */
  readonly local: SetName;
  /** The addresses of all nodes. */
  readonly nodes: SetName;
}

/**
 * Link-local sources are never forwarded (RFC 4291, 2.5.6). Neighbour discovery uses them, and the node need not have such an
 * address on the interface. The match itself accepts the unspecified address.
 */
const LINK_LOCAL: Readonly<Record<IpFamily, readonly string[]>> = { ipv4: [], ipv6: ['fe80::/10'] };

const TO_SPOOFED: Verdict = { kind: 'goto', chain: SPOOFED_CHAIN };
const TO_INJECTED: Verdict = { kind: 'goto', chain: INJECTED_CHAIN };

/** Drops packets from a pod interface whose source the node does not route back to that interface. */
const checkInterface = (family: IpFamily, name: string): readonly Rule[] => [
  ...LINK_LOCAL[family].map(
    (cidr): Rule => ({
      matches: [
        { kind: 'source', cidr },
        { kind: 'inInterface', name },
      ],
      verdict: { kind: 'return' },
    }),
  ),
  { matches: [{ kind: 'inInterface', name }, { kind: 'unroutedSource' }], verdict: TO_SPOOFED },
];

const leave = (name: string): Rule => ({ matches: [{ kind: 'inInterface', name }], verdict: { kind: 'return' } });

/**
 * Drops packets with an address of the node or its pods that come in by an interface where the node would not send an answer:
 * an uplink or a tunnel. Pod interfaces are handled before. A bridge counts as the place of all its pods.
 */
const checkOthers = (interfaces: readonly string[], { network, local }: Guarded): readonly Rule[] => [
  ...interfaces.map(leave),
  ...network.bridges.flatMap((name): readonly Rule[] => [
    { matches: [{ kind: 'inInterface', name }, { kind: 'localSource' }], verdict: TO_SPOOFED },
    leave(name),
  ]),
  { matches: [{ kind: 'set', set: local, fields: 'src' }, { kind: 'unroutedSource' }], verdict: TO_SPOOFED },
];

const portMatches = (ports: readonly number[]): readonly Match[] =>
  chunkRanges(mergeRanges(ports.map((port) => ({ from: port, to: port })))).map((ranges) => ({
    kind: 'ports',
    protocol: 'UDP',
    ranges,
  }));

const carrier = (protocol: TunnelProtocol): Match => ({ kind: 'tunnelProtocol', protocol });

/** Leads packets with a tunnel's port or protocol to their validation. */
const leadToTunnels = ({ tunnelPorts, tunnelProtocols }: NodeNetwork): readonly Rule[] =>
  [...portMatches(tunnelPorts), ...tunnelProtocols.map(carrier)].map((match) => ({
    matches: [match],
    verdict: { kind: 'jump', chain: TUNNELS_CHAIN },
  }));

/**
 * Restricts who may send to the ends of tunnels, since a tunnel takes the inner packet for one of a node. No pod may, to this
 * node or another; if all nodes are known, only they may.
 */
const tunnelRules = (family: IpFamily, interfaces: readonly string[], guarded: Guarded): readonly Rule[] => {
  const { network, local, nodes } = guarded;
  const toNodes: readonly Match[] = [{ kind: 'set', set: nodes, fields: 'dst' }, { kind: 'localDestination' }];
  const fromPods: readonly Match[] = [...interfaces, ...network.bridges].map((name) => ({ kind: 'inInterface', name }));
  const refuse = (from: Match): readonly Rule[] => toNodes.map((to) => ({ matches: [from, to], verdict: TO_INJECTED }));
  return [
    ...fromPods.flatMap(refuse),
    { matches: [{ kind: 'set', set: nodes, fields: 'src' }], verdict: { kind: 'return' } },
    ...refuse({ kind: 'set', set: local, fields: 'src' }),
    ...portMatches(network.closedPorts[family]).map(
      (match): Rule => ({ matches: [match, { kind: 'localDestination' }], verdict: TO_INJECTED }),
    ),
  ];
};

const dropChain = (name: typeof SPOOFED_CHAIN, reports: Reports, why: string): Chain => ({
  name,
  rules: [...reportRules(reports, name), { matches: [{ kind: 'comment', text: why }], verdict: { kind: 'drop' } }],
});

/**
 * Drops spoofed packets, and packets that a tunnel must not accept. These rules precede connection tracking, so that such a
 * packet neither counts for a connection of the address's owner nor makes an entry.
 *
 * @param interfaces interfaces of single pods: names, or prefixes of names followed by `+`
 * @param guarded undefined if only these interfaces are checked
 */
export const sourceCheck = (
  family: IpFamily,
  interfaces: readonly string[],
  reports: Reports = {},
  guarded?: Guarded,
): TableProgram<RawHook> => {
  const tunnels = guarded === undefined ? [] : leadToTunnels(guarded.network);
  const chains: readonly Chain[] = [
    {
      name: SOURCES_CHAIN,
      rules: [
        ...tunnels,
        ...interfaces.flatMap((name) => checkInterface(family, name)),
        ...(guarded === undefined ? [] : checkOthers(interfaces, guarded)),
      ],
    },
    dropChain(SPOOFED_CHAIN, reports, 'the source is not routed to where the packet came from'),
    ...(guarded === undefined || tunnels.length === 0
      ? []
      : [
          { name: TUNNELS_CHAIN, rules: tunnelRules(family, interfaces, guarded) },
          dropChain(INJECTED_CHAIN, reports, 'only nodes speak to the ends of tunnels'),
        ]),
  ];
  return {
    chains: new Map(chains.map((chain) => [chain.name, chain])),
    hooks: [{ hook: 'PREROUTING', chain: SOURCES_CHAIN }],
  };
};
