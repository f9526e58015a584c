/** A rule as `iptables -v -S` prints it. */
export interface CountedRule {
  readonly chain: string;
  readonly packets: number;
  /** The target after -j or -g; '' where there is none. */
  readonly target: string;
  /** Whether the target is a chain that does not return (-g). */
  readonly isGoto: boolean;
  /** Where it reports to, if it does. */
  readonly report?: { readonly prefix: string; readonly group: number };
}

/** Packets that one chain has dropped since its rules were loaded. */
export interface Refused {
  /** The kernel's chain that has the rule. */
  readonly chain: string;
  /** The prefix of its reports: the chain of an isolation, whose body may have the rule. */
  readonly prefix: string;
  readonly packets: number;
}

const RULE = /^-A (\S+)(?=.* -c (\d+) \d+(?: -([jg]) (\S+)(.*))?$)/;
const REPORT = /^ --nflog-prefix "?([^" ]+)"? --nflog-group (\d+)$/;

/** Reads the rules of one chain, in order, from what `iptables -v -S CHAIN` printed. */
export const readCountedRules = (listed: string): readonly CountedRule[] =>
  listed.split('\n').flatMap((line): readonly CountedRule[] => {
    const [, chain, packets, jump, target = '', options = ''] = RULE.exec(line) ?? [];
    if (chain === undefined) return [];
    const [, prefix, group] = (target === 'NFLOG' ? REPORT.exec(options) : null) ?? [];
    return [
      {
        chain,
        packets: Number(packets),
        target,
        isGoto: jump === 'g',
        ...(prefix === undefined ? {} : { report: { prefix, group: Number(group) } }),
      },
    ];
  });

/** Returns the number of packets that a chain's rules have dropped since they were loaded. */
export const droppedPackets = (listed: string): number =>
  readCountedRules(listed).reduce((sum, { target, packets }) => (target === 'DROP' ? sum + packets : sum), 0);

/**
 * Returns the drops that stand behind a report to one of the groups, by chain.
 * @param groups of the agent's records
 */
export const refusedPackets = (listed: string, groups: readonly number[]): readonly Refused[] => {
  const counts = new Map<string, { prefix: string; packets: number }>();
  for (const { chain, target, packets, report } of readCountedRules(listed)) {
    const known = counts.get(chain);
    if (report !== undefined && groups.includes(report.group)) {
      counts.set(chain, { prefix: report.prefix, packets: known?.packets ?? 0 });
    } else if (target === 'DROP' && known !== undefined) known.packets += packets;
  }
  return [...counts].map(([chain, { prefix, packets }]) => ({ chain, prefix, packets }));
};

/** The chain that the only rule of a listed one goes to; undefined where it holds rules of its own. */
export const bodyOf = (listed: string): string | undefined => {
  const [only, ...others] = readCountedRules(listed);
  return only?.isGoto === true && others.length === 0 ? only.target : undefined;
};
