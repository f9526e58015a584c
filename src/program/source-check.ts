import type { IpFamily } from '../model/family.ts';
import type { NodeNetwork, TunnelProtocol } from '../model/node-network.ts';
import { type Reports, reportRules } from './denied-log.ts';
import { INJECTED_CHAIN, SOURCES_CHAIN, type SetName, SPOOFED_CHAIN, TUNNELS_CHAIN } from './names.ts';
import type { Chain, Match, RawHook, Rule, TableProgram, Verdict } from './node-program.ts';
import { chunkRanges, mergeRanges } from './ports.ts';

/** What is known of the node's network, in one family. */
export interface Guarded {
  readonly network: NodeNetwork;
  /** The addresses of the node and of its pods. */
  readonly local: SetName;
  /** The addresses of all nodes. */
  readonly nodes: SetName;
}

/**
 * Link-local sources are forwarded nowhere (RFC 4291, 2.5.6); neighbour discovery is sent from them, and the node need not
 * have such an address itself on the interface. The unspecified address is let through by the match.
 */
const LINK_LOCAL: Readonly<Record<IpFamily, readonly string[]>> = { ipv4: [], ipv6: ['fe80::/10'] };

const TO_SPOOFED: Verdict = { kind: 'goto', chain: SPOOFED_CHAIN };
const TO_INJECTED: Verdict = { kind: 'goto', chain: INJECTED_CHAIN };

/** Drops what comes in by an interface of pods with a source that the node does not route back there. */
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
 * Drops what bears an address of the node or of one of its pods and comes in where the node would not send an answer: by an
 * uplink or a tunnel. Interfaces of pods are done with; a bridge is where its pods are, whichever of them it was.
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

/** Leads what goes to the port or bears the protocol of a tunnel to where it is looked at. */
const leadToTunnels = ({ tunnelPorts, tunnelProtocols }: NodeNetwork): readonly Rule[] =>
  [...portMatches(tunnelPorts), ...tunnelProtocols.map(carrier)].map((match) => ({
    matches: [match],
    verdict: { kind: 'jump', chain: TUNNELS_CHAIN },
  }));

/**
 * A tunnel takes the packet that it carries for one of the node's: pods may not speak to the ends of tunnels, on this node or
 * another, and to ends whose peers are all known nobody else may.
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
 * Drops packets with a source that cannot be theirs, and what is not for tunnels to take. It stands before connection
 * tracking, so that neither is such a packet counted to a connection of the one whose address it bears, nor does it make
 * an entry.
 *
 * @param interfaces of pods, each with an interface of its own: names, or beginnings of names followed by `+`
 * @param guarded undefined where nothing but these interfaces is looked at
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
