/** What a node's packet filter holds, as lines that can be compared: also what iptables-save cannot print. */

/** Tables that iptables creates whenever it is called; their empty chains mean nothing. */
const OF_IPTABLES = /^ip6? (?:raw|mangle|nat|filter|security)$/;

/**
 * Takes apart what `nft -s list ruleset` prints, where each table, chain and set is a block that tabs indent. It knows all
 * that nftables holds, also what iptables-save cannot print.
 */
export const rulesetLines = (text: string): readonly string[] => {
  const lines: string[] = [];
  let table = '';
  let block = '';
  for (const line of text.split('\n')) {
    const opened = /^(\t?)(.+) \{(?: .*)?$/.exec(line);
    if (line.startsWith('\t\t')) {
      const isBare = OF_IPTABLES.test(table) && line.startsWith('\t\ttype ');
      if (!isBare) lines.push(`${table} ${block}: ${line.trim()}`);
    } else if (opened?.[1] === '') {
      table = (opened[2] ?? '').replace(/^table /, '');
    } else if (opened?.[1] === '\t') {
      block = opened[2] ?? '';
      if (!OF_IPTABLES.test(table) || !block.startsWith('chain ')) lines.push(`${table} ${block}`);
    }
  }
  return lines;
};

/** Rules of all tables that iptables-legacy-save prints, with their tables. */
export const legacyLines = (family: string, text: string): readonly string[] => {
  let table = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    return line.startsWith('-A ') ? [`${family} legacy ${table} ${line}`] : [];
  });
};

/** How often each line is there. */
export const countsOf = (lines: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(lines, (line) => line)].map(([line, same]) => [line, same.length]));

/** Jumps of hooks to chains of ours that are there more than once. */
export const jumpsTwiceIn = (lines: readonly string[]): readonly string[] =>
  [...countsOf(lines)].flatMap(([line, count]) =>
    count > 1 && /(?:chain|-A) (?:FORWARD|OUTPUT|PREROUTING)\b.*PORTCULLIS-/.test(line) ? [line] : [],
  );
