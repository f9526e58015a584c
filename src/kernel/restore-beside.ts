import type { IpFamily } from '../model/family.ts';
import { isOwnChain } from '../program/names.ts';
import type { NftRule } from '../render/netlink/nft-rules.ts';
import { CommandError } from './command.ts';
import type { NftReader } from './netlink/nft-reader.ts';

interface Beside {
  readonly family: IpFamily;
  readonly nft: NftReader;
  /** Loads restore text. @throws CommandError */
  readonly load: (text: string) => Promise<void>;
}

/** A line that deletes a jump of ours by its text, for which iptables-nft must understand every rule before it. */
const DELETED_JUMP = /^-D (FORWARD|OUTPUT|PREROUTING) .*\n/gm;
const INSERTED_JUMP = /^-I (\S+) 1 -j (\S+)$/gm;
const DELETED_CHAIN = /^-X (\S+)\n/gm;

/** Returns our new jump, at the first place that has it. */
const keptOf = (rules: readonly NftRule[], target: string | undefined): NftRule | undefined =>
  rules.find((rule) => rule.isPlainJump && rule.target === target);

/**
 * Loads restore text. If iptables-nft refuses it because it does not understand foreign rules before a jump of ours, works in
 * three steps: adds the new rules first, then deletes unwanted jumps by their handles, then the chains behind them. No wrong
 * packet passes in between: packets meet the new rules first, and possibly the same ones twice.
 *
 * @throws CommandError, or NetlinkError
 */
export const restoreBeside = async (text: string, { family, nft, load }: Beside): Promise<void> => {
  try {
    await load(text);
    return;
  } catch (error) {
    const isRefusal = error instanceof CommandError && error.exitCode !== undefined;
    if (!isRefusal || text.search(DELETED_JUMP) < 0) throw error;
  }
  const table = /^\*(\S+)$/m.exec(text)?.[1] ?? '';
  const hooks = new Set([...text.matchAll(DELETED_JUMP)].map(([, hook = '']) => hook));
  const inserted = new Map([...text.matchAll(INSERTED_JUMP)].map(([, hook, target]) => [hook, target]));
  await load(text.replaceAll(DELETED_JUMP, '').replaceAll(DELETED_CHAIN, ''));
  for (const chain of hooks) {
    const place = { family, table, chain };
    const rules = await nft.rules(place);
    const kept = keptOf(rules, inserted.get(chain));
    for (const rule of rules) {
      if (rule !== kept && rule.target !== undefined && isOwnChain(rule.target)) await nft.deleteRule(place, rule);
    }
  }
  const chains = [...text.matchAll(DELETED_CHAIN)].map(([, name = '']) => name);
  if (chains.length > 0) {
    await load(
      [
        `*${table}`,
        ...chains.map((name) => `:${name} - [0:0]`),
        ...chains.map((name) => `-X ${name}`),
        'COMMIT',
        '',
      ].join('\n'),
    );
  }
};
