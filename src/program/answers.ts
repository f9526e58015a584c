import type { IpFamily } from '../model/family.ts';
import type { ChainName } from './names.ts';
import type { Match, Rule } from './node-program.ts';

/** Refused packets are reported to the agent, which answers them and restores connections that conntrack has forgotten. */
export interface Answered {
  readonly group: number;
  /** Whether packets that open a connection are reported too, so that the agent answers them. */
  readonly rejects: boolean;
}

/** The NFLOG group of these reports. The node lock is the next lower group (kernel-lock.ts). */
export const ANSWERED_GROUP = 20_548;

/** Limits of reports, per sender and for all rules together. They bound what a flood costs the agent. */
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

/** Reports TCP packets without SYN that meet the matches, whether or not conntrack would start a connection for them. */
export const reportStray = (
  answered: Answered | undefined,
  matches: readonly Match[],
  prefix: ChainName,
): readonly Rule[] => (answered === undefined ? [] : [report(matches, 'stray', answered, prefix)]);

/** Returns the rules before a drop: they report the packet to the agent, with the chain's name as prefix. */
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

/** The ICMP error "communication administratively prohibited". */
const PROHIBITED = { ipv4: { type: 3, code: 13 }, ipv6: { type: 1, code: 1 } } as const;

/**
 * Returns the rules that accept the agent's answers, whose source is the address that they answer for. No other socket of
 * the node sends such packets; packets that IPVS sends have no socket.
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
