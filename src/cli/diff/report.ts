import type { IpFamily } from '../../model/family.ts';
import type { ReachDifference } from '../../reach/difference.ts';
import { describeRange } from '../../trace/outside.ts';
import { describePorts, isEmpty } from '../../trace/port-set.ts';
import { OUTSIDE } from '../resolve/resolve.ts';

/** A connection that opens or closes at some ports. Plain data, as it is printed. */
export interface ChangeLine {
  readonly change: 'opens' | 'closes';
  readonly from: string;
  readonly to: string;
  /** `all`, or e.g. `TCP 80,443`. */
  readonly ports: string;
  /** Where it does not hold for all addresses of both ends. */
  readonly only?: readonly string[];
}

export interface DiffReport {
  readonly changes: readonly ChangeLine[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

const FAMILY_NAME: Readonly<Record<IpFamily, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

/** All addresses of a family. */
const WHOLE: ReadonlySet<string> = new Set(['0.0.0.0/0', '::/0']);

const keyOf = ({ change, from, to, ports }: ChangeLine): string => JSON.stringify([change, from, to, ports]);

const inOrder = (a: ChangeLine, b: ChangeLine): number => {
  const [left, right] = [a, b].map(({ change, from, to }) => [change === 'opens' ? 0 : 1, from, to].join('\n'));
  return (left ?? '') < (right ?? '') ? -1 : Number((left ?? '') > (right ?? ''));
};

/** @param families those of the compared states: a change that holds in all of them needs no word about families */
export const toReport = ({ changes, added, removed }: ReachDifference, families: readonly IpFamily[]): DiffReport => {
  const lines = changes.flatMap(({ from = OUTSIDE, to = OUTSIDE, family, ranges, opened, closed }) => {
    const only = ranges === undefined ? [FAMILY_NAME[family]] : ranges.map(describeRange);
    const line = (change: ChangeLine['change'], ports: typeof opened): readonly ChangeLine[] =>
      isEmpty(ports) ? [] : [{ change, from, to, ports: describePorts(ports), only }];
    return [...line('opens', opened), ...line('closes', closed)];
  });
  const merged = [...Map.groupBy(lines, keyOf).values()].flatMap((same): readonly ChangeLine[] => {
    const [first] = same;
    if (first === undefined) return [];
    const { change, from, to, ports } = first;
    const line: ChangeLine = { change, from, to, ports };
    const only = same.flatMap((each) => each.only ?? []);
    const isOfOutside = line.from === OUTSIDE || line.to === OUTSIDE;
    const isWhole = isOfOutside ? only.every((range) => WHOLE.has(range)) : true;
    return [only.length === families.length && isWhole ? line : { ...line, only }];
  });
  return { changes: merged.sort(inOrder), added, removed };
};

const SIGN: Readonly<Record<ChangeLine['change'], string>> = { opens: '+', closes: '-' };

const count = (number: number, word: string): string => `${number} connection${number === 1 ? '' : 's'} ${word}`;

/** `2 connections open, 1 connection closes`. */
const headline = ({ changes }: DiffReport): string => {
  const opens = changes.filter(({ change }) => change === 'opens').length;
  const closes = changes.length - opens;
  if (changes.length === 0) return 'No connection opens or closes.';
  return `${count(opens, opens === 1 ? 'opens' : 'open')}, ${count(closes, closes === 1 ? 'closes' : 'close')}.`;
};

const workloadLines = ({ added, removed }: DiffReport): readonly string[] => [
  ...(added.length > 0 ? [`Only in the second state, not compared: ${added.join(', ')}`] : []),
  ...(removed.length > 0 ? [`Only in the first state, not compared: ${removed.join(', ')}`] : []),
];

const restrictionOf = ({ only }: ChangeLine): string => (only === undefined ? '' : ` (${only.join(', ')})`);

export const describeReport = (report: DiffReport): string => {
  const rows = report.changes.map((line) => [
    SIGN[line.change],
    line.from,
    '→',
    line.to,
    `${line.ports}${restrictionOf(line)}`,
  ]);
  const widths = [1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const aligned = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column - 1] ?? 0))
      .join(' ')
      .trimEnd(),
  );
  return [...aligned, ...(aligned.length > 0 ? [''] : []), headline(report), ...workloadLines(report)].join('\n');
};

/** GitHub and GitLab refuse comments of more than 65,536 characters; a reader gives up sooner. */
const MOST_IN_MARKDOWN = 200;

/** Text in a table of Markdown: nothing in it is markup. */
const code = (text: string): string => `\`${text.replaceAll('`', "'").replaceAll('|', '\\|')}\``;

/** For a pull request: what opens comes first, since it has to be read. */
export const markdownReport = (report: DiffReport): string => {
  const shown = report.changes.slice(0, MOST_IN_MARKDOWN);
  const left = report.changes.length - shown.length;
  const rows = shown.map((line) => {
    const only = line.only === undefined ? '' : line.only.map(code).join(', ');
    return `| ${line.change} | ${code(line.from)} | ${code(line.to)} | ${line.ports} | ${only} |`;
  });
  return [
    '### Who reaches whom',
    '',
    headline(report),
    ...(rows.length > 0 ? ['', '| change | from | to | ports | only |', '|---|---|---|---|---|', ...rows] : []),
    ...(left > 0 ? ['', `${left} more are left out; \`-o json\` has them.`] : []),
    ...workloadLines(report).flatMap((line) => ['', line]),
  ].join('\n');
};
