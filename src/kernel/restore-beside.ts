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

/** A line that deletes a jump of ours by its text, for which iptables-nft has to understand every rule before it. */
const DELETED_JUMP = /^-D (FORWARD|OUTPUT|PREROUTING) .*\n/gm;
const INSERTED_JUMP = /^-I (\S+) 1 -j (\S+)$/gm;
const DELETED_CHAIN = /^-X (\S+)\n/gm;

/** Our jump as it was just put there, at the first place that has it. */
const keptOf = (rules: readonly NftRule[], target: string | undefined): NftRule | undefined =>
  rules.find((rule) => rule.isPlainJump && rule.target === target);

/**
 * Loads restore text. Where iptables-nft refuses it since rules of others stand before a jump of ours that it does not understand,
 * it goes in three steps: what is new comes first, then jumps that are not wanted go by their handles, then the chains behind
 * them. In between no packet passes that should not: it meets the new rules first, and the same ones twice.
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
