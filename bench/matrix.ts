import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { positive } from '../scripts/positive.ts';
import { createCommandRunner } from '../src/kernel/command.ts';
import { changedObjects, matrixObjects, type MatrixSize } from './matrix/cluster.ts';
import { measureCommand, type Run, writeList } from './matrix/measure.ts';
import { growthPlot } from './matrix/plot.ts';
import { matrixMarkdown, type MatrixResults, missedGoals } from './matrix/report.ts';
import { MATRIX_ROWS, MATRIX_SIZES } from './matrix/rows.ts';
import { describeMachine } from './report/machine.ts';

/** `npm run bench:matrix`: see its --help. */

const readSizes = (text: string): readonly MatrixSize[] =>
  text.split(',').map((pods) => {
    const size = MATRIX_SIZES.find((known) => String(known.pods) === pods);
    if (size === undefined)
      throw new InvalidArgumentError(`there are ${MATRIX_SIZES.map((each) => each.pods).join(', ')}`);
    return size;
  });

const values = new Command('npm run bench:matrix --')
  .description('Measures the verbs that read manifests on clusters of up to 100,000 pods: time and peak memory.')
  .option('--pods <SIZES>', 'comma-separated sizes of the cluster', readSizes, MATRIX_SIZES)
  .option(
    '--rows <IDS>',
    'comma-separated rows',
    (text: string) => text.split(','),
    MATRIX_ROWS.map(({ id }) => id),
  )
  .option('--samples <N>', 'runs of each command; one where it takes more than 20 s of the processor', positive, 3)
  .parse()
  .opts<{ pods: readonly MatrixSize[]; rows: readonly string[]; samples: number }>();

const LONG_SECONDS = 20;
const RESULTS = path.join(import.meta.dirname, 'results', 'matrix');

const before = await readFile(path.join(RESULTS, 'matrix.json'), 'utf8').then(
  (text) => JSON.parse(text) as MatrixResults,
  () => undefined,
);
const runs: Record<string, Record<string, readonly Run[]>> = Object.fromEntries(
  Object.entries(before?.runs ?? {}).map(([id, bySize]) => [id, { ...bySize }]),
);
const loads = [...(before?.load ?? []), loadavg()[0] ?? 0];
const machine = await describeMachine(createCommandRunner());

/** Writes what is known so far: a run that is cut short keeps what it measured. */
const save = async (): Promise<MatrixResults> => {
  const results: MatrixResults = {
    machine,
    date: new Date().toISOString().slice(0, 10),
    load: [Math.min(...loads), Math.max(...loads)],
    runs,
  };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(path.join(RESULTS, 'matrix.json'), `${JSON.stringify(results, undefined, 1)}\n`);
  await writeFile(path.join(RESULTS, 'matrix.md'), matrixMarkdown(results));
  await writeFile(path.join(RESULTS, 'matrix.svg'), growthPlot(results));
  return results;
};

const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-bench-'));
try {
  for (const size of values.pods) {
    const rows = MATRIX_ROWS.filter(({ id, most }) => values.rows.includes(id) && size.pods <= most);
    const files = new Map<string, string>();
    const fileOf = async (name: string, objects: Iterable<object>, format: 'json' | 'yaml'): Promise<string> => {
      const file = path.join(folder, `${name}.${format}`);
      if (!files.has(file)) await writeList(objects, file, format);
      files.set(file, name);
      return file;
    };
    for (const { id, args, format, title } of rows) {
      const input = [await fileOf('now', matrixObjects(size), format)];
      if (id === 'diff') input.push(await fileOf('changed', changedObjects(size), format));
      const found: Run[] = [];
      while (found.length < values.samples && !(found.length > 0 && (found[0]?.processorSeconds ?? 0) > LONG_SECONDS)) {
        found.push(await measureCommand([...args, ...input]));
      }
      (runs[id] ??= {})[String(size.pods)] = found;
      loads.push(loadavg()[0] ?? 0);
      await save();
      const texts = found.map(
        ({ processorSeconds, megabytes }) => `${processorSeconds.toFixed(1)} s ${megabytes.toFixed(0)} MB`,
      );
      console.log(`${String(size.pods)} pods, ${title}: ${texts.join(', ')}`);
    }
    for (const file of files.keys()) await rm(file);
  }
} finally {
  await rm(folder, { recursive: true });
}

const results = await save();
const missed = missedGoals(results);
for (const line of missed) console.error(line);
process.exitCode = missed.length > 0 ? 1 : 0;
