import type { PolicedNode } from '../../support/lab/policed-node.ts';
import { countsOf, legacyLines, rulesetLines } from '../../support/lab/ruleset-lines.ts';

/** What the kernel holds of ours and of others, each line with its table and chain, or its set, in order of the alphabet. */
export interface NodeState {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

const READ_MS = 120_000;
const setLines = (text: string): readonly string[] =>
  text
    // What the kernel chose.
    .replaceAll(/ (?:initval 0x[0-9a-f]+|bucketsize \d+|hashsize \d+)/g, '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `set ${line}`);

const isOurs = (line: string): boolean => /PORTCULLIS-|\bportcullis-|^bridge portcullis/.test(line);
/** Sets and words of others that are nearly ours. */
const isNearly = (line: string): boolean => /^set \w+ PORTCULLIS-/.test(line);

/** Reads it by the machine's own tools, whatever an agent has. */
export const readNodeState = async (node: PolicedNode): Promise<NodeState> => {
  const read = (file: string, ...args: readonly string[]): Promise<string> =>
    node.run(file, args, { timeoutMs: READ_MS });
  const lines = [
    ...rulesetLines(await read('nft', '-s', 'list', 'ruleset')),
    ...legacyLines('ipv4', await read('iptables-legacy-save')),
    ...legacyLines('ipv6', await read('ip6tables-legacy-save')),
    ...setLines(await read('ipset', 'save')),
  ].sort();
  return {
    ours: lines.filter((line) => isOurs(line) && !isNearly(line)),
    theirs: lines.filter((line) => !isOurs(line) || isNearly(line)),
  };
};

/** The first lines that one list has more often than the other, for people; none where they are the same. */
export const differenceOf = (what: string, seen: readonly string[], wanted: readonly string[]): readonly string[] => {
  const [now, before] = [countsOf(seen), countsOf(wanted)];
  const inMore = (these: typeof now, those: typeof now): readonly string[] =>
    [...these].flatMap(([line, count]) => (count > (those.get(line) ?? 0) ? [line] : []));
  const all = [...inMore(now, before).map((line) => `+ ${line}`), ...inMore(before, now).map((line) => `- ${line}`)];
  return all.length === 0 ? [] : [`${what} (${all.length} lines): ${all.slice(0, 3).join('; ')}`];
};
