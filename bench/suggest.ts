import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { positive } from '../scripts/positive.ts';
import { suggestionsYaml } from '../src/cli/suggest/yaml.ts';
import { APPLICATIONS, loadApplication } from './suggest/application.ts';
import { evaluateApplication, type Evaluation } from './suggest/evaluate.ts';

/** `npm run bench:suggest`: see its --help. */

const { seeds, save } = new Command('npm run bench:suggest --')
  .description(
    'Suggests policies for three applications from ten minutes of their simulated traffic, and judges another ten minutes by them.',
  )
  .option('--seeds <N>', 'pairs of runs for each application', positive, 10)
  .option('--no-save', 'print the report alone')
  .parse()
  .opts<{ seeds: number; save: boolean }>();

const RESULTS = path.join(import.meta.dirname, 'results', 'suggest');
/** Maximum number of open pairs for each pair that was seen. */
const GOAL = 1.1;

interface Row {
  readonly seed: number;
  readonly evaluation: Evaluation;
}

const ratio = ({ openPairs, seenPairs }: Evaluation): number => openPairs / seenPairs;

const isMet = (each: Evaluation): boolean =>
  each.refused.length === 0 && each.refusedByNaive.length === 0 && each.findings.length === 0 && ratio(each) <= GOAL;

const sum = (rows: readonly Row[], of: (evaluation: Evaluation) => number): number =>
  rows.reduce((total, { evaluation }) => total + of(evaluation), 0);

const worst = (rows: readonly Row[], of: (evaluation: Evaluation) => number): number =>
  Math.max(...rows.map(({ evaluation }) => of(evaluation)));

const passing = (rows: readonly Row[], refused: (evaluation: Evaluation) => readonly string[]): string => {
  const all = sum(rows, ({ heldOut }) => heldOut);
  return `${all - sum(rows, (each) => refused(each).length)} of ${all}`;
};

const lineOf = (name: string, rows: readonly Row[]): string => {
  const [first] = rows;
  const cells = [
    name,
    first?.evaluation.workloads ?? 0,
    sum(rows, ({ recorded }) => recorded),
    passing(rows, ({ refused }) => refused),
    passing(rows, ({ refusedByNaive }) => refusedByNaive),
    worst(rows, ratio).toFixed(2),
    worst(rows, ({ openPairsOfProtocols, seenPairs }) => openPairsOfProtocols / seenPairs).toFixed(2),
    worst(rows, ({ openBefore, seenPairs }) => openBefore / seenPairs).toFixed(0),
    sum(rows, ({ findings }) => findings.length),
  ];
  return `| ${cells.join(' | ')} |`;
};

const report = (byName: ReadonlyMap<string, readonly Row[]>): string =>
  [
    '# Policies suggested from traffic',
    '',
    `\`npm run bench:suggest\`, ${seeds} pairs of runs for each application of bench/suggest/apps. The first run of a pair is ten minutes of`,
    'simulated traffic, recorded as the agents of three nodes record it: a look at the live connections once a minute, one connection in',
    'a hundred with its ends exchanged. Policies are suggested from that. The second run is on another cluster with the next release:',
    'other hashes, versions, addresses, nodes and random numbers. Both the evaluator of the product and the naive evaluator of the tests',
    'judge each of its connections.',
    '',
    'A pair is a port of one workload that another one, or the internet, can reach (docs/glossary.md). DNS over UDP and TCP is one',
    'pair: the rule for DNS always allows both, and one answer in fifty came over TCP. The column after it counts them as two.',
    '',
    '| application | workloads | connections recorded | held out: pass | by the naive evaluator | open pairs for each seen one, worst (goal: at most 1.1) | with DNS as two | without policies | findings of check |',
    '|---|---|---|---|---|---|---|---|---|',
    ...[...byName].map(([name, rows]) => lineOf(name, rows)),
    '',
    'Pairs that are open and were not seen, over all runs:',
    '',
    ...[...byName].flatMap(([name, rows]) => {
      const unseen = new Set(rows.flatMap(({ evaluation }) => evaluation.unseen));
      return unseen.size === 0 ? [`- ${name}: none`] : [...unseen].sort().map((pair) => `- ${name}: ${pair}`);
    }),
    '',
    'The connections are simulated, not sent: what becomes of them in the kernel is the matter of the tests of the rules.',
  ].join('\n');

const byName = new Map<string, readonly Row[]>();
for (const name of APPLICATIONS) {
  const application = loadApplication(name);
  const rows = Array.from(
    { length: seeds },
    (_, at): Row => ({
      seed: at + 1,
      evaluation: evaluateApplication(application, { seed: at + 1 }),
    }),
  );
  byName.set(name, rows);
  for (const { seed, evaluation } of rows.filter((row) => !isMet(row.evaluation))) {
    const { refused, refusedByNaive, findings, unseen } = evaluation;
    console.error(`${name}, seed ${seed}:`, { refused, refusedByNaive, findings, unseen });
    process.exitCode = 1;
  }
}
const text = `${report(byName)}\n`;
if (save) {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(path.join(RESULTS, 'suggest.md'), text);
  const [example] = byName.get('tickets') ?? [];
  if (example !== undefined) {
    await writeFile(path.join(RESULTS, 'tickets.yaml'), suggestionsYaml(example.evaluation.suggestions));
  }
}
console.log(text);
