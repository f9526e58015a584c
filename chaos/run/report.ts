import { type Finding, quantile, type Tally } from './tally.ts';

/** Returns the result of a run as plain data. */
export const resultOf = (tally: Tally): object => {
  const of = (kind: Finding['kind']): readonly Finding[] => tally.findings.filter((finding) => finding.kind === kind);
  const refusals = of('wrong refusal').map(({ ms = 0 }) => ms);
  const mended = [...tally.mended.values()].flat();
  return {
    seeds: tally.seeds,
    steps: tally.steps,
    stepMs: { median: quantile(tally.stepMs, 0.5), p99: quantile(tally.stepMs, 0.99) },
    changes: Object.fromEntries([...tally.changes].toSorted()),
    harms: Object.fromEntries([...tally.harms].toSorted()),
    mendedMs: { count: mended.length, median: quantile(mended, 0.5), p99: quantile(mended, 0.99), max: Math.max(0, ...mended) },
    packets: { pulses: tally.pulsePackets, denied: tally.pulseDenied, allowed: tally.pulseAllowed },
    sample: { packets: tally.sampled, denied: tally.sampledDenied },
    health: { looks: tally.healthLooks, toldOfParts: tally.healthTold, wrong: of('wrong health').length },
    addedTwice: { looks: tally.tableLooks, found: of('added twice').length },
    leaks: of('leak').length,
    wrongVerdicts: of('wrong verdict').length,
    notSettled: of('not settled').length,
    wrongRefusals: {
      count: refusals.length,
      medianMs: quantile(refusals, 0.5),
      p99Ms: quantile(refusals, 0.99),
      maxMs: Math.max(0, ...refusals),
    },
  };
};

const rounded = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));

const rows = (value: object, prefix = ''): readonly string[] =>
  Object.entries(value).flatMap(([key, each]: [string, unknown]) =>
    typeof each === 'object' && each !== null
      ? rows(each, `${prefix}${key}: `)
      : [`${`${prefix}${key}`.padEnd(46)}${rounded(Number(each)).padStart(12)}`],
  );

const findingText = ({ kind, seed, step, doing, what, ms }: Finding): string =>
  `${kind}: seed ${seed} step ${step} (${doing}): ${what}${ms === undefined ? '' : `, ${rounded(ms)} ms`}`;

/** Returns the report: forbidden findings first; temporary refusals are only in the table. */
export const reportText = (tally: Tally): string =>
  [
    ...tally.findings.filter(({ kind }) => kind !== 'wrong refusal').map(findingText),
    ...rows(resultOf(tally)),
  ].join('\n');

/** Reports whether there is a forbidden finding. */
export const hasFailed = ({ findings }: Tally): boolean => findings.some(({ kind }) => kind !== 'wrong refusal');
