import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CONDITIONS } from '../catalogue/all.ts';
import { reportText } from './report.ts';
import type { Row } from './try-condition.ts';

/** A folder with report.md and report.json. */
export interface ReportFiles {
  /** Writes both with that row, instead of one of the same condition and backend. */
  add(row: Row): Promise<void>;
}

const keyOf = ({ condition, backend }: Row): string => `${condition} ${backend}`;

const orderOf = ({ condition, backend }: Row): number =>
  CONDITIONS.findIndex(({ name }) => name === condition) * 2 + (backend === 'nft' ? 0 : 1);

/** Opens the report of earlier runs, or begins one. Rows of conditions that are no more are dropped. */
export const openReport = async (folder: string): Promise<ReportFiles> => {
  await mkdir(folder, { recursive: true });
  const json = path.join(folder, 'report.json');
  const earlier = JSON.parse(await readFile(json, 'utf8').catch(() => '[]')) as readonly Row[];
  const rows = new Map(earlier.filter((row) => orderOf(row) >= 0).map((row) => [keyOf(row), row]));
  return {
    async add(row) {
      rows.set(keyOf(row), row);
      const sorted = [...rows.values()].sort((a, b) => orderOf(a) - orderOf(b));
      await writeFile(json, `[\n${sorted.map((each) => `  ${JSON.stringify(each)}`).join(',\n')}\n]\n`);
      await writeFile(path.join(folder, 'report.md'), reportText(sorted, CONDITIONS));
    },
  };
};
