import type { Condition, Holds } from '../condition.ts';
import type { Check } from './checks.ts';
import type { Row } from './try-condition.ts';

const MADE: Readonly<Record<Condition['made'], string>> = {
  kernel: 'real',
  release: 'real, by tools of another release',
  'stand-in': 'stand-in for a tool',
};

const FAMILY = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

const wordsOf = (holds: Holds | undefined): string => {
  switch (holds?.kind) {
    case undefined:
    case 'all':
      return 'all of policy';
    case 'part':
      return `policy of ${holds.good.map((family) => FAMILY[family]).join(' and ')}; \`${holds.part}\` is reported, /readyz answers ${holds.code}`;
    case 'closed':
      return 'what is denied is kept out';
    case 'ends':
      return 'the agent tells why and ends';
  }
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const rowText = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

const seenIn = ({ outcome, why }: Row): string =>
  outcome === 'holds' ? 'holds' : `**${outcome}**: ${why.join('; ').slice(0, 300)}`;

/** Columns of seconds. */
const TIMED: readonly Check[] = ['first start', 'change', 'repair', 'restart'];

const secondsOf = (row: Row, check: Check): string => row.seconds[check]?.toFixed(1) ?? '–';

/** Writes the report as Markdown: a table of conditions. */
export const reportText = (rows: readonly Row[], conditions: readonly Condition[]): string => {
  const byName = new Map(conditions.map((condition) => [condition.name, condition]));
  const count = (outcome: Row['outcome']): number => rows.filter((row) => row.outcome === outcome).length;
  const lines = rows.flatMap((row) => {
    const condition = byName.get(row.condition);
    if (condition === undefined) return [];
    const { name, what, made, holds } = condition;
    const times = TIMED.map((check) => secondsOf(row, check));
    return [rowText([`\`${name}\``, what, MADE[made], row.backend, wordsOf(holds), seenIn(row), ...times])];
  });
  return [
    '# Strange nodes',
    '',
    'Written by `npm run strange -- --report test/strange/report`. Each condition is made in a network namespace of its own, with three',
    'pods and a real agent, for each backend of iptables. Packets over IPv4 and IPv6 show whether it holds:',
    '',
    '- *comes*: the condition comes while an agent runs. The policy changes after it: the live connection that is denied now is cut, the',
    '  allowed one goes on. The chain that all packets come to is emptied: it is repaired. `portcullis cleanup` takes away all of ours.',
    '- *first start*: an agent starts on the node as it is, as after a reboot.',
    '- *change*, *repair*: the same as above.',
    '- *restart*: the agent is killed, the policy changes, the agent starts.',
    '- *once*: no rule of ours is there twice, and all are the same as on a plain node.',
    '- *told*: `/healthz`, `/readyz` and `/status` say what is in force, and `ok` only if all of it is.',
    '- *clean-up*, *untouched*: nothing of ours is left, and what others have is as it was.',
    '',
    '*Real*: it is so in the kernel. *Stand-in for a tool*: the kernel at hand cannot be brought to it, so a tool answers what the real one',
    'was recorded to answer. Seconds are from the beginning of the check to its end, with all of its probes: up to 0.4 s each for what is denied.',
    '',
    `${new Set(rows.map(({ condition }) => condition)).size} conditions, ${rows.length} runs: ${count('holds')} hold, ${count('does not hold')} do not, ${count('not made')} could not be made.`,
    '',
    `| condition | what it is | made | backend | must hold | seen | ${TIMED.map((check) => `${check}, s`).join(' | ')} |`,
    `|---|---|---|---|---|---|${TIMED.map(() => '---|').join('')}`,
    ...lines,
    '',
  ].join('\n');
};
