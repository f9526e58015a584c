/** The numbers of passed specs and of specs that ran. */
export interface Count {
  readonly passed: number;
  readonly total: number;
}

/** The results of one cluster. */
export interface Outcome {
  readonly variant: string;
  /** From the first apply until every node enforces. */
  readonly installSeconds: number;
  readonly specs: Count;
  /** Results of Kubernetes' own suite; absent if it did not run. */
  readonly suite?: Count;
  readonly minutes: number;
}

/** The installation must take at most this long on three nodes. */
export const INSTALL_LIMIT_SECONDS = 15;

const allPassed = ({ passed, total }: Count): boolean => passed === total && total > 0;

export const isGood = ({ installSeconds, specs, suite }: Outcome): boolean =>
  installSeconds < INSTALL_LIMIT_SECONDS && allPassed(specs) && (suite === undefined || allPassed(suite));

const countText = (count: Count | undefined): string =>
  count === undefined ? '-' : `${count.passed} of ${count.total}`;

const HEAD = ['cluster', 'enforcing after', 'our specs', 'upstream suite', 'time', ''];

const rowOf = (outcome: Outcome): readonly string[] => [
  outcome.variant,
  `${outcome.installSeconds.toFixed(1)} s`,
  countText(outcome.specs),
  countText(outcome.suite),
  `${outcome.minutes.toFixed(1)} min`,
  isGood(outcome) ? 'ok' : 'FAILED',
];

/** Returns a table for people, one line per cluster. */
export const outcomeTable = (outcomes: readonly Outcome[]): string => {
  const rows = [HEAD, ...outcomes.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
};
