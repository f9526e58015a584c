import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ATTACKS } from '../test/attacks/catalogue/all.ts';
import { ELSEWHERE } from '../test/attacks/catalogue/elsewhere.ts';
import { isClosed } from '../test/attacks/run/judge.ts';
import { failedWithout, openedWithout } from './attacks/run-take-out.ts';
import { TAKE_OUTS } from './attacks/take-outs.ts';
import { TESTED_TAKE_OUTS } from './attacks/tested-take-outs.ts';

/**
 * `npm run attacks:take-out [-- TEXT]`: removes each rule that prevents attacks from a copy of the sources, builds it,
 * and reports which attacks then succeed, and which tests of other attacks fail. Exits with 1 if removing a rule opens
 * nothing, or if no removal opens an attack that is called closed. Writes test/attacks/report/take-out.md after a run
 * of all; with TEXT, runs only those whose name contains it.
 */

const root = path.join(import.meta.dirname, '..');
const wanted = process.argv[2] ?? '';
const isWanted = ({ name }: { readonly name: string }): boolean => name.includes(wanted);

const opened = new Map<string, readonly string[]>();
for (const takeOut of TAKE_OUTS.filter(isWanted)) {
  const found = await openedWithout(root, takeOut);
  opened.set(takeOut.name, found);
  console.log(`${takeOut.name}: ${String(found.length)} get through`);
}

const failed = new Map<string, readonly string[]>();
const openedElsewhere = new Set<string>();
for (const takeOut of TESTED_TAKE_OUTS.filter(isWanted)) {
  const found = await failedWithout(root, takeOut);
  failed.set(takeOut.name, found);
  if (found.length > 0) for (const attack of takeOut.attacks) openedElsewhere.add(attack);
  console.log(`${takeOut.name}: ${String(found.length)} tests fail`);
}

const all = new Set([...opened.values()].flat());
const never = [
  ...ATTACKS.filter((attack) => isClosed(attack) && !all.has(attack.name)),
  ...ELSEWHERE.filter(({ outcome, name }) => outcome === 'closed' && !openedElsewhere.has(name)),
].map(({ name }) => name);

const code = (text: string): string => `\`${text}\``;
const rows = (table: ReadonlyMap<string, readonly string[]>): readonly string[] =>
  [...table].map(([name, found]) => `| ${name} | ${found.map(code).join(', ')} |`);

const lines = [
  '# Rules taken out',
  '',
  'Written by `npm run attacks:take-out`: each rule was taken out of a copy of the sources, and these attacks got through. What two',
  'rules keep out is opened where both are taken out.',
  '',
  '| taken out | attacks that get through |',
  '|---|---|',
  ...rows(opened),
  '',
  'What is tried by other means has a test, which fails:',
  '',
  '| taken out | tests that fail |',
  '|---|---|',
  ...rows(failed),
  '',
  never.length === 0
    ? 'Every attack that is called closed is opened by one of these.'
    : `Closed attacks that none of these opens, ${String(never.length)}: ${never.map(code).join(', ')}.`,
  '',
];
const everything = wanted === '';
if (everything) await writeFile(path.join(root, 'test/attacks/report/take-out.md'), lines.join('\n'));
else console.log([...rows(opened), ...rows(failed)].join('\n'));
const openNothing = [...opened, ...failed].filter(([, found]) => found.length === 0).map(([name]) => name);
for (const name of openNothing) console.error(`attacks:take-out: nothing gets through without ${name}`);
if (everything) for (const name of never) console.error(`attacks:take-out: nothing that was taken out opens ${name}`);
if (openNothing.length > 0 || (everything && never.length > 0)) process.exitCode = 1;
