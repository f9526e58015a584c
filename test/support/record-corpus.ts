import { appendFileSync } from 'node:fs';

/**
 * Records how many cases of a corpus passed: `npm test` prints it before its last line, a manual run of jest at once.
 * @param by what judged the cases: `evaluator`, `kernel`, …
 */
export const recordCorpus = (
  corpus: string,
  by: string,
  result: 'left out' | { readonly passed: number; readonly of: number },
): void => {
  const told = result === 'left out' ? 'left out: ../shared/cases is not there' : `${result.passed}/${result.of}`;
  const line = `corpus ${corpus} by ${by}: ${told}\n`;
  const file = process.env['PORTCULLIS_CORPUS_RESULTS'];
  if (file === undefined) process.stderr.write(line);
  else appendFileSync(file, line);
};
