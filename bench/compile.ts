import { execFileSync } from 'node:child_process';
import { Command, InvalidArgumentError, Option } from 'commander';
import { positive } from '../scripts/positive.ts';
import { type CompileFigures, measureCompile } from './compile/measure.ts';
import { quantile } from './report/statistics.ts';
import { SIZES, type SizeName } from './state/size.ts';

/** `npm run bench:compile`: see its --help. */

const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[];

const readSizes = (text: string): readonly SizeName[] =>
  text.split(',').map((name) => {
    const size = SIZE_NAMES.find((known) => known === name);
    if (size === undefined) throw new InvalidArgumentError(`there are ${SIZE_NAMES.join(', ')}`);
    return size;
  });

const command = new Command('npm run bench:compile --')
  .description('Measures what compiling costs, without a kernel or an API server.')
  .option('--state <SIZES>', 'comma-separated sizes of the cluster', readSizes, SIZE_NAMES)
  .option('--rounds <N>', 'changes of each kind', positive, 100)
  .option('--json', 'as JSON')
  .addOption(new Option('--inside').hideHelp())
  .parse();
const values = command.opts<{ state: readonly SizeName[]; rounds: number; json?: true; inside?: true }>();

/** Measures each state in a process of its own: the first compile is that of a new process. */
const measureApart = (name: SizeName): CompileFigures =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ['--expose-gc', import.meta.filename, '--inside', '--state', name, '--rounds', String(values.rounds)],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    ),
  ) as CompileFigures;

/** Reports whether the change is of a pod of the node. Their number differs between the states, like that of all pods. */
const isLocal = (kind: string): boolean => kind.includes('local pod');

/** Returns the milliseconds for one change of each kind that `counts` accepts. */
const onceEach = ({ samples }: CompileFigures, counts: (kind: string) => boolean): number =>
  Object.entries(samples)
    .filter(([kind]) => counts(kind))
    .reduce((sum, [, ofKind]) => sum + quantile(ofKind, 0.5), 0);

/** Returns the growth between states and its bound (bench/README.md). */
const growth = (figures: readonly (readonly [SizeName, CompileFigures])[]): readonly string[] => {
  const of = new Map(figures);
  const [small, large, largest] = [of.get('S'), of.get('L'), of.get('XL')];
  const lines: string[] = [];
  if (small !== undefined && large !== undefined) {
    const times = (counts: (kind: string) => boolean): string =>
      (onceEach(large, counts) / onceEach(small, counts)).toFixed(2);
    lines.push(
      `Changes in L, to those in S: ${times((kind) => !isLocal(kind))} (goal: at most 1.5);`,
      `of pods of the node, of which L has ten times as many: ${times(isLocal)}.`,
    );
  }
  if (largest !== undefined) {
    const slowest = Math.max(...Object.values(largest.samples).map((ofKind) => quantile(ofKind, 0.5)));
    const bytes = largest.worldBytesPerRemotePod + largest.compilerBytesPerRemotePod;
    lines.push(
      `The slowest kind of change in XL: ${slowest.toFixed(1)} ms (goal: at most 10).`,
      `Heap for each pod of another node in XL: ${bytes.toFixed(0)} bytes (goal: at most 1024).`,
    );
  }
  return lines;
};

const table = (figures: readonly (readonly [SizeName, CompileFigures])[]): string => {
  const row = (title: string, of: (each: CompileFigures) => string): string =>
    `| ${title} | ${figures.map(([, each]) => of(each)).join(' | ')} |`;
  const kinds = Object.keys(figures[0]?.[1].samples ?? {});
  return [
    `| ms, median / p99 | ${figures.map(([name]) => name).join(' | ')} |`,
    `|---|${figures.map(() => '---').join('|')}|`,
    row('first compile', ({ firstMs }) => firstMs.toFixed(0)),
    row('all of it as text', ({ firstPlanMs }) => firstPlanMs.toFixed(0)),
    ...kinds.map((kind) =>
      row(kind, ({ samples }) => {
        const of = samples[kind] ?? [];
        return `${quantile(of, 0.5).toFixed(2)} / ${quantile(of, 0.99).toFixed(2)}`;
      }),
    ),
    row('rules / chains / sets / members', (each) => [each.rules, each.chains, each.sets, each.members].join(' / ')),
    row('heap per remote pod: objects + compiler, bytes', (each) =>
      [each.worldBytesPerRemotePod, each.compilerBytesPerRemotePod].map((bytes) => bytes.toFixed(0)).join(' + '),
    ),
    '',
    ...growth(figures),
  ].join('\n');
};

const [only] = values.state;
if (values.inside && only !== undefined) {
  process.stdout.write(JSON.stringify(measureCompile(SIZES[only], values.rounds)));
} else {
  const figures = values.state.map((name) => [name, measureApart(name)] as const);
  console.log(values.json ? JSON.stringify(Object.fromEntries(figures)) : table(figures));
}
