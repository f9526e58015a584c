import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type CompileFigures, measureCompile } from './compile/measure.ts';
import { quantile } from './report/statistics.ts';
import { SIZES, type SizeName } from './state/size.ts';

/** `npm run bench:compile [-- --state S,M,L,XL --rounds N]`: what compiling costs, without a kernel or an API server. */

const { values } = parseArgs({
  options: {
    state: { type: 'string', default: 'S,M,L,XL' },
    rounds: { type: 'string', default: '100' },
    json: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
});

const isSize = (name: string): name is SizeName => Object.hasOwn(SIZES, name);

const names = values.state.split(',').filter(isSize);

/** Each state in a process of its own: the first compile is that of a process that just started. */
const measureApart = (name: SizeName): CompileFigures =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ['--expose-gc', import.meta.filename, '--inside', '--state', name, '--rounds', values.rounds],
      { encoding: 'utf8', maxBuffer: 2 ** 28 },
    ),
  ) as CompileFigures;

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
    row('heap per pod: objects + compiler, bytes', (each) =>
      [each.worldBytesPerPod, each.compilerBytesPerPod].map((bytes) => bytes.toFixed(0)).join(' + '),
    ),
  ].join('\n');
};

const [only] = names;
if (values.inside && only !== undefined) {
  process.stdout.write(JSON.stringify(measureCompile(SIZES[only], Number(values.rounds))));
} else {
  const figures = names.map((name) => [name, measureApart(name)] as const);
  console.log(values.json ? JSON.stringify(Object.fromEntries(figures)) : table(figures));
}
