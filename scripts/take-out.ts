import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { ATTACKS } from '../test/attacks/catalogue/all.ts';
import { type TakeOut, TAKE_OUTS } from './attacks/take-outs.ts';

/**
 * `npm run attacks:take-out [-- TEXT]`: takes each rule that closes attacks out of a copy of the sources, builds it, and tells
 * which attacks get through then. An attack that is called closed and that no take-out opens is named at the end: it may be
 * kept out by more than one rule. Writes test/attacks/report/take-out.md where all were tried.
 */

const root = path.join(import.meta.dirname, '..');
const wanted = process.argv[2] ?? '';

/** As far as it is read here: a row begins with the attack and has its outcome under `outcome`. */
interface Report {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

const edit = async (folder: string, { edits }: TakeOut): Promise<void> => {
  for (const { file, text, by } of edits) {
    const at = path.join(folder, file);
    const before = await readFile(at, 'utf8');
    if (!before.includes(text)) throw new Error(`${file} does not have ${text}`);
    await writeFile(
      at,
      before.replaceAll(text, () => by),
    );
  }
};

const copySources = async (folder: string): Promise<void> => {
  const parts = ['src', 'bin', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];
  await Promise.all(parts.map((part) => cp(path.join(root, part), path.join(folder, part), { recursive: true })));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
};

const openedBy = async (takeOut: TakeOut): Promise<readonly string[]> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-take-out-'));
  try {
    await copySources(folder);
    await edit(folder, takeOut);
    await execa(process.execPath, [path.join(folder, 'scripts/build.ts')], { stdin: 'ignore' });
    const report = path.join(folder, 'report');
    await mkdir(report);
    const { network, families = 'dual', only } = takeOut;
    const which = only === undefined ? ['--quick'] : ['--only', only];
    const choice = ['--network', network, '--families', families, '--backend', 'nft', ...which];
    const command = [path.join(root, 'scripts/attacks.ts'), ...choice, '--checkout', folder, '--report', report];
    // It ends with 1 where attacks get through, which is what is wanted here.
    await execa(process.execPath, command, { stdin: 'ignore', reject: false });
    const { columns, rows } = JSON.parse(await readFile(path.join(report, 'report.json'), 'utf8')) as Report;
    const outcome = columns.indexOf('outcome');
    return [...new Set(rows.filter((row) => row[outcome] === 'gets through').map(([attack]) => String(attack)))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const opened = new Map<string, readonly string[]>();
for (const takeOut of TAKE_OUTS.filter(({ name }) => name.includes(wanted))) {
  const found = await openedBy(takeOut);
  opened.set(takeOut.name, found);
  console.log(`${takeOut.name}: ${String(found.length)} get through`);
}

const all = new Set([...opened.values()].flat());
const never = ATTACKS.filter(({ kind, name }) => kind === 'closed' && !all.has(name)).map(({ name }) => name);
const lines = [
  '# Rules taken out',
  '',
  'Written by `npm run attacks:take-out`: each rule was taken out of a copy of the sources, and these attacks got through.',
  '',
  '| taken out | attacks that get through |',
  '|---|---|',
  ...[...opened].map(([name, attacks]) => `| ${name} | ${attacks.map((attack) => `\`${attack}\``).join(', ')} |`),
  '',
  `Closed attacks that no single line opens, ${String(never.length)}: ${never.map((attack) => `\`${attack}\``).join(', ')}.`,
  '',
];
if (wanted === '') await writeFile(path.join(root, 'test/attacks/report/take-out.md'), lines.join('\n'));
else console.log(lines.join('\n'));
if ([...opened.values()].some(({ length }) => length === 0)) process.exitCode = 1;
