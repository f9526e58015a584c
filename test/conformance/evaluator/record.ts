/** Tells how many cases of a corpus passed, where whoever ran the tests sees it. */
export const recordCorpus = (
  corpus: string,
  by: string,
  result: 'left out' | { readonly passed: number; readonly of: number },
): void => {
  const told = result === 'left out' ? result : `${result.passed}/${result.of}`;
  process.stderr.write(`${corpus} by ${by}: ${told}\n`);
};
