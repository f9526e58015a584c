/** A rule as `iptables -v -S` prints it. */
export interface CountedRule {
  readonly packets: number;
  /** The target after -j or -g; '' where there is none. */
  readonly target: string;
}

/** Reads the rules of one chain, in order, from what `iptables -v -S CHAIN` printed. */
export const readCountedRules = (listed: string): readonly CountedRule[] =>
  listed
    .split('\n')
    .filter((line) => line.startsWith('-A '))
    .map((line) => ({
      packets: Number(/ -c (\d+) \d+/.exec(line)?.[1] ?? '0'),
      target: / -[jg] (\S+)/.exec(line)?.[1] ?? '',
    }));
