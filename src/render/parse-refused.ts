/** Packets that one chain has dropped since its rules were loaded. */
export interface Refused {
  /** The kernel's chain that has the rule. */
  readonly chain: string;
  /** What its reports name: the chain of an isolation, whose body may have the rule. */
  readonly prefix: string;
  readonly packets: number;
}

const APPENDED = /^-A (\S+) /;
const REPORTED = / -j NFLOG --nflog-prefix "?([^" ]+)"? --nflog-group (\d+)$/;
const DROPPED = / -c (\d+) \d+ -j DROP$/;

/**
 * Reads what `iptables -v -S` printed: the drops that stand behind a report to the group, by chain.
 * @param groups of the agent's records
 */
export const refusedPackets = (listed: string, groups: readonly number[]): readonly Refused[] => {
  const counts = new Map<string, { prefix: string; packets: number }>();
  for (const line of listed.split('\n')) {
    const [, chain] = APPENDED.exec(line) ?? [];
    if (chain === undefined) continue;
    const plain = line.replace(/ -c \d+ \d+(?= -j NFLOG)/, '');
    const [, prefix, group] = REPORTED.exec(plain) ?? [];
    if (prefix !== undefined && groups.includes(Number(group))) {
      counts.set(chain, { prefix, packets: counts.get(chain)?.packets ?? 0 });
      continue;
    }
    const dropped = DROPPED.exec(line)?.[1];
    const known = counts.get(chain);
    if (dropped !== undefined && known !== undefined) known.packets += Number(dropped);
  }
  return [...counts].map(([chain, { prefix, packets }]) => ({ chain, prefix, packets }));
};

/** The chain that the only rule of a listed one goes to; undefined where it holds rules of its own. */
export const bodyOf = (listed: string): string | undefined => {
  const rules = listed.split('\n').filter((line) => APPENDED.test(line));
  const [only] = rules;
  return rules.length === 1 ? / -g (\S+)$/.exec(only ?? '')?.[1] : undefined;
};
