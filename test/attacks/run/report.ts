import type { Attack } from './attack.ts';
import { isRefused } from './judge.ts';
import type { Row } from './run-attacks.ts';

/** The result of a row in one word. */
const OUTCOMES = ['kept out', 'cannot be held', 'gets through', 'twin lost', 'no control'] as const;

export type Outcome = (typeof OUTCOMES)[number];

const COLUMNS = [
  'attack',
  'network',
  'families',
  'backend',
  'family',
  'off',
  'on',
  'twin',
  'outcome',
  'seconds',
] as const;

export const outcomeOf = (attack: Attack, row: Row): Outcome => {
  if (row.off === isRefused(attack, row)) return 'no control';
  if (row.on) return attack.weak?.networks.includes(row.network) ? 'cannot be held' : 'gets through';
  return row.twin ? 'kept out' : 'twin lost';
};

export interface ReportRow extends Row {
  readonly outcome: Outcome;
}

export const reportRows = (rows: readonly Row[], attacks: readonly Attack[]): readonly ReportRow[] => {
  const byName = new Map(attacks.map((attack) => [attack.name, attack]));
  return rows.flatMap((row) => {
    const attack = byName.get(row.attack);
    return attack === undefined
      ? []
      : [{ ...row, seconds: Math.round(row.seconds * 1000) / 1000, outcome: outcomeOf(attack, row) }];
  });
};

const settingOf = ({ network, families, backend }: Row): string => `${network} | ${families} | ${backend}`;

const settingRow = ([setting, rows]: readonly [string, readonly ReportRow[]]): string => {
  const count = (outcome: Outcome): number => rows.filter((row) => row.outcome === outcome).length;
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  const counts = OUTCOMES.map((outcome) => String(count(outcome)));
  return `| ${[setting, String(rows.length), ...counts, seconds.toFixed(1)].join(' | ')} |`;
};

const placeOf = ({ network, backend }: Row): string => `${network} ${backend}`;

/** The outcomes of an attack in one family on one network: one, or several if clusters differ. */
const cellOf = (rows: readonly ReportRow[]): string =>
  [...new Set(rows.map(({ outcome }) => outcome))].join(', ') || '–';

/** Writes the report as Markdown: a table of clusters, and one of attacks. */
export const reportText = (rows: readonly ReportRow[]): string => {
  const places = [...new Set(rows.map(placeOf))];
  const attacks = [...Map.groupBy(rows, ({ attack, family }) => `\`${attack}\` | ${family}`)].map(([key, of]) => {
    const cells = places.map((place) => cellOf(of.filter((row) => placeOf(row) === place)));
    return `| ${[key, ...cells].join(' | ')} |`;
  });
  return [
    '# Attacks',
    '',
    'Written by `npm run attacks -- --report test/attacks/report`. What each attack is stands in',
    '[docs/attacks.md](../../../docs/attacks.md); report.json has each try: whether it arrived where no agent runs (off) and where one',
    'does (on), whether the like traffic that is allowed arrived (twin), and the time.',
    '',
    '*kept out*: it arrives without agents, or the kernel refuses it there too, does not with them, and its twin does. *no control*:',
    'it does not arrive without agents either, so nothing is proven. *twin lost*: so does what is allowed.',
    '',
    `| network | families | backend | tries | ${OUTCOMES.join(' | ')} | seconds |`,
    `|---|---|---|---|${OUTCOMES.map(() => '---|').join('')}---|`,
    ...[...Map.groupBy(rows, settingOf)].map(settingRow),
    '',
    `| attack | family | ${places.join(' | ')} |`,
    `|---|---|${places.map(() => '---|').join('')}`,
    ...attacks,
    '',
  ].join('\n');
};

/** Writes the report as JSON: names of columns, and a line for each try. */
export const reportJson = (rows: readonly ReportRow[]): string => {
  const lines = rows.map((row) => `  ${JSON.stringify(COLUMNS.map((column) => row[column]))}`);
  return `{\n"columns": ${JSON.stringify(COLUMNS)},\n"rows": [\n${lines.join(',\n')}\n]\n}\n`;
};
