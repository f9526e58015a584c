import { readChainCounters } from '../../kernel/chain-counters.ts';
import { createCommandRunner } from '../../kernel/command.ts';
import { createCompanionStarter } from '../../kernel/companion.ts';
import { createNetlink } from '../../kernel/netlink/netlink.ts';
import { createNftReader } from '../../kernel/netlink/nft-reader.ts';
import type { Direction } from '../../model/direction.ts';
import { formatField } from '../../model/field-path.ts';
import type { IpFamily } from '../../model/family.ts';
import type { Isolation } from '../../policy/node-policy.ts';
import { isolationChain } from '../../program/names.ts';
import { ruleOrigins } from '../../program/rule-origins.ts';

/** The counters of this node's kernel for one end: packets that would open connections, since its rules were loaded. */
export interface SideCounters {
  readonly direction: Direction;
  readonly chain: string;
  /** Why there are no counters; undefined where there are. */
  readonly missing?: string;
  /** By rule of the policies: `shop/web` and `spec.ingress[0]`. A packet counts at the first rule that allows it. */
  readonly rules: readonly { readonly policy: string; readonly field: string; readonly packets: number }[];
  /** Packets that no rule allowed. */
  readonly refused: number;
}

/** Reads counters, as long as it is open. */
export interface CounterReader {
  read(isolation: Isolation, family: IpFamily): Promise<SideCounters>;
  close(): Promise<void>;
}

/** Packets by policy rule, from those of the chain's rules and what these are made of. */
const byRule = (
  direction: Direction,
  origins: NonNullable<ReturnType<typeof ruleOrigins>>,
  packets: readonly number[],
): SideCounters['rules'] => {
  const sums = new Map<string, SideCounters['rules'][number]>();
  for (const [at, of] of origins.entries()) {
    for (const { policy, index } of of) {
      const field = formatField(['spec', direction, index]);
      const before = sums.get(`${policy} ${field}`)?.packets ?? 0;
      sums.set(`${policy} ${field}`, { policy, field, packets: before + (packets[at] ?? 0) });
    }
  }
  return [...sums.values()];
};

export const openCounters = (): CounterReader => {
  const netlink = createNetlink(createCompanionStarter([], 'bytes'));
  const tools = { runner: createCommandRunner(), nft: createNftReader(netlink) };
  return {
    async read(isolation, family) {
      const { direction, policies, namedPorts } = isolation;
      const chain = isolationChain(direction, policies, namedPorts);
      const nothing = { direction, chain, rules: [], refused: 0 };
      const origins = ruleOrigins(isolation, family);
      if (origins === undefined) return { ...nothing, missing: 'its policies allow everything, so there is no chain' };
      const counted = await readChainCounters(tools, family, chain);
      if (counted === undefined) {
        return { ...nothing, missing: 'this node has no such chain, or it cannot be read: ask on the node of the pod' };
      }
      const allowing = counted.filter(({ target }) => target === 'RETURN');
      const refused = counted.reduce((sum, { target, packets }) => sum + (target === 'DROP' ? packets : 0), 0);
      if (allowing.length !== origins.length) {
        return { ...nothing, refused, missing: 'its rules are being changed: only refusals are shown' };
      }
      const packets = allowing.map((each) => each.packets);
      return { direction, chain, rules: byRule(direction, origins, packets), refused };
    },
    close: netlink.stop,
  };
};

const lineOf = ({ direction, chain, missing, rules, refused }: SideCounters): readonly string[] => [
  `  counted for ${direction} in ${chain}:${missing === undefined ? '' : ` ${missing}`}`,
  ...rules.map(({ policy, field, packets }) => `    ${packets} packets allowed by ${policy} ${field}`),
  ...(missing === undefined || refused > 0 ? [`    ${refused} packets refused`] : []),
];

/** The counters as lines of an answer. */
export const counterLines = (all: readonly SideCounters[]): readonly string[] => all.flatMap(lineOf);
