import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Comparison, compareResults, comparisonTable } from './compare.ts';
import { markdownOf } from './markdown.ts';
import { plotOf } from './plot.ts';
import { readResults, type Results, writeResults } from './results.ts';

/** The text for people, and the rows that are beyond their bound. */
export interface Report {
  readonly markdown: string;
  readonly worse: readonly Comparison[];
}

/**
 * Writes STATE.json, STATE.md and STATE.svg. Rows that were not measured now keep an earlier run's samples.
 *
 * @param own name of the current agent
 * @param tolerance percentage by which a row may be worse than that of the agent measured in turn with it
 */
export const writeReport = async (folder: string, fresh: Results, own: string, tolerance: number): Promise<Report> => {
  const earlier = await readResults(folder, fresh.state);
  const results: Results = { ...fresh, rows: { ...earlier?.rows, ...fresh.rows } };
  await writeResults(folder, results);
  const comparisons = compareResults(results, own, tolerance / 100);
  const markdown = [markdownOf(results), comparisonTable(comparisons)].filter((part) => part !== '').join('\n');
  await writeFile(path.join(folder, `${results.state}.md`), markdown);
  await writeFile(path.join(folder, `${results.state}.svg`), plotOf(results));
  return { markdown, worse: comparisons.filter(({ isWorse, row }) => isWorse && row.id in fresh.rows) };
};
