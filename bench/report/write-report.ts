import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { markdownOf } from './markdown.ts';
import { plotOf } from './plot.ts';
import { readResults, type Results, writeResults } from './results.ts';

/** Writes STATE.json, STATE.md and STATE.svg. Rows that were not measured this time stay as an earlier run left them. */
export const writeReport = async (folder: string, fresh: Results): Promise<string> => {
  const earlier = await readResults(folder, fresh.state);
  const results: Results = { ...fresh, rows: { ...earlier?.rows, ...fresh.rows } };
  await writeResults(folder, results);
  const markdown = markdownOf(results);
  await writeFile(path.join(folder, `${results.state}.md`), markdown);
  await writeFile(path.join(folder, `${results.state}.svg`), plotOf(results));
  return markdown;
};
