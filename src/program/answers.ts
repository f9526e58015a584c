import type { IpFamily } from '../model/family.ts';
import type { ChainName } from './names.ts';
import type { Match, Rule } from './node-program.ts';

/** Refused packets are reported to the agent, which answers them and lets go on what conntrack has forgotten. */
export interface Answered {
  readonly group: number;
  /** Packets that open something are reported too, so that they are answered. */
  readonly rejects: boolean;
}

/** The NFLOG group of these reports. The lock of the node's agents is the next lower one (kernel-lock.ts). */
export const ANSWERED_GROUP = 20_548;

/** Reports of a kind: so many for each sender, and for all rules together. A flood costs the agent no more than these. */
const BUDGETS = {
  stray: { name: 'portcullis-stray', bySource: [10, 50], all: [100, 400] },
  reject: { name: 'portcullis-reject', bySource: [5, 20], all: [50, 100] },
} as const;

type Kind = keyof typeof BUDGETS;

const withinBudget = (kind: Kind): readonly Match[] => {
  const { name, bySource, all } = BUDGETS[kind];
  return [
    { kind: 'rate', name: `${name}-from`, perSecond: bySource[0], burst: bySource[1], bySource: true },
    { kind: 'rate', name, perSecond: all[0], burst: all[1] },
  ];
};

const report = (matches: readonly Match[], kind: Kind, { group }: Answered, prefix: ChainName): Rule => ({
  matches: [...matches, ...withinBudget(kind)],
  verdict: { kind: 'log', group, prefix },
});

/** Reports TCP in the middle that meets the conditions, whether conntrack would make a connection of it or not. */
export const reportStray = (
  answered: Answered | undefined,
  matches: readonly Match[],
  prefix: ChainName,
): readonly Rule[] => (answered === undefined ? [] : [report(matches, 'stray', answered, prefix)]);

/** What stands before a drop: reports the packet to the agent, with the chain as prefix. */
export const reportRefused = (answered: Answered | undefined, chain: ChainName): readonly Rule[] =>
  answered === undefined
    ? []
    : [
        ...reportStray(answered, [{ kind: 'strayTcp', isUnclear: true }], chain),
        ...(answered.rejects
          ? [
              report([{ kind: 'openingTcp' }], 'reject', answered, chain),
              report([{ kind: 'protocol', protocol: 'TCP', negated: true }], 'reject', answered, chain),
            ]
          : []),
      ];

/** Communication administratively prohibited, and the error that says so. */
const PROHIBITED = { ipv4: { type: 3, code: 13 }, ipv6: { type: 1, code: 1 } } as const;

/**
 * Spares the agent's answers, which bear the address of whom they answer for: nobody else on the node sends such packets
 * from a socket. What IPVS sends out has none.
 */
export const ownAnswers = (answered: Answered | undefined, family: IpFamily): readonly Rule[] =>
  answered === undefined
    ? []
    : [
        { matches: [{ kind: 'tcpReset' }, { kind: 'ofSocket' }], verdict: { kind: 'return' } },
        { matches: [{ kind: 'tcpInquiry' }, { kind: 'ofSocket' }], verdict: { kind: 'return' } },
        ...(answered.rejects
          ? [
              {
                matches: [{ kind: 'icmp', family, ...PROHIBITED[family] }, { kind: 'ofSocket' }],
                verdict: { kind: 'return' },
              } satisfies Rule,
            ]
          : []),
      ];
