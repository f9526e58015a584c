import type { Attack } from './attack.ts';
import { isRefused } from './judge.ts';
import type { Row } from './run-attacks.ts';

/** What a row means in one word. */
export type Outcome = 'kept out' | 'gets through' | 'cannot be held' | 'twin lost' | 'no control';

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

const yes = (seen: boolean): string => (seen ? 'arrives' : '–');

/** Counts rows by a key, in the order in which keys come first. */
const countBy = (
  rows: readonly ReportRow[],
  keyOf: (row: ReportRow) => string,
): ReadonlyMap<string, readonly ReportRow[]> => Map.groupBy(rows, keyOf);

const settingOf = ({ network, families, backend }: Row): string => `${network} | ${families} | ${backend}`;

/** Writes the report as Markdown: a table of settings, and one of every row. */
export const reportText = (rows: readonly ReportRow[]): string => {
  const settings = [...countBy(rows, settingOf)].map(([setting, of]) => {
    const count = (outcome: Outcome): number => of.filter((row) => row.outcome === outcome).length;
    const seconds = of.reduce((sum, row) => sum + row.seconds, 0);
    return `| ${setting} | ${of.length} | ${count('kept out')} | ${count('cannot be held')} | ${count('gets through')} | ${count('twin lost')} | ${count('no control')} | ${seconds.toFixed(1)} |`;
  });
  const all = rows.map(
    (row) =>
      `| ${row.attack} | ${settingOf(row)} | ${row.family} | ${yes(row.off)} | ${yes(row.on)} | ${yes(row.twin)} | ${row.outcome} | ${row.seconds.toFixed(2)} |`,
  );
  return [
    '# Attacks',
    '',
    'Written by `npm run attacks`. What each attack is stands in [docs/attacks.md](../../../docs/attacks.md). *Off*: what is sent',
    'arrives where no agent runs, or the kernel refuses it there too. *On*: it arrives where agents run. *Twin*: the like',
    'traffic that is allowed arrives where agents run.',
    '',
    '| network | families | backend | tries | kept out | cannot be held | gets through | twin lost | no control | seconds |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...settings,
    '',
    '| attack | network | families | backend | family | off | on | twin | outcome | seconds |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...all,
    '',
  ].join('\n');
};
