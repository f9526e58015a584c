import type { IpFamily } from '../model/family.ts';
import { type DeniedLog, reportRules } from './denied-log.ts';
import { SOURCES_CHAIN, SPOOFED_CHAIN } from './names.ts';
import type { Chain, RawHook, Rule, TableProgram } from './node-program.ts';

/**
 * Link-local sources are forwarded nowhere (RFC 4291, 2.5.6); neighbour discovery is sent from them, and the node need not
 * have such an address itself on the interface. The unspecified address is let through by the match.
 */
const LINK_LOCAL: Readonly<Record<IpFamily, readonly string[]>> = { ipv4: [], ipv6: ['fe80::/10'] };

/**
 * Drops what comes in by the interfaces with a source that the node does not route to where it came from. It stands before
 * connection tracking, so that neither is such a packet counted to a connection of the one whose address it bears, nor does
 * it make an entry.
 *
 * @param interfaces names, or beginnings of names followed by `+`; at least one
 */
export const sourceCheck = (
  family: IpFamily,
  interfaces: readonly string[],
  log: DeniedLog | undefined,
): TableProgram<RawHook> => {
  const look = (name: string): readonly Rule[] => [
    ...LINK_LOCAL[family].map(
      (cidr): Rule => ({
        matches: [
          { kind: 'source', cidr },
          { kind: 'inInterface', name },
        ],
        verdict: { kind: 'return' },
      }),
    ),
    {
      matches: [{ kind: 'inInterface', name }, { kind: 'unroutedSource' }],
      verdict: { kind: 'goto', chain: SPOOFED_CHAIN },
    },
  ];
  const chains: readonly Chain[] = [
    { name: SOURCES_CHAIN, rules: interfaces.flatMap(look) },
    {
      name: SPOOFED_CHAIN,
      rules: [
        ...reportRules(log, SPOOFED_CHAIN),
        {
          matches: [{ kind: 'comment', text: 'the source is not routed to where the packet came from' }],
          verdict: { kind: 'drop' },
        },
      ],
    },
  ];
  return {
    chains: new Map(chains.map((chain) => [chain.name, chain])),
    hooks: [{ hook: 'PREROUTING', chain: SOURCES_CHAIN }],
  };
};
