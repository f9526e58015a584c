import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { Edit, TakeOut } from './take-outs.ts';
import type { TestedTakeOut } from './tested-take-outs.ts';

/** The sources that an agent is built from. */
const SOURCES = ['src', 'bin', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];
/** Further files that tests need. */
const TESTS = ['test', 'jest.config.js', 'docs', 'manifests', 'bench', 'demo'];

/** The part of a report that is read: each row has the attack's name and its `outcome`. */
interface Report {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

const apply = async (folder: string, edits: readonly Edit[]): Promise<void> => {
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

/** Builds a copy of the sources with the edits, and calls `use` with it. */
const withCopy = async <T>(
  root: string,
  edits: readonly Edit[],
  parts: readonly string[],
  use: (folder: string) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-take-out-'));
  try {
    await Promise.all(parts.map((part) => cp(path.join(root, part), path.join(folder, part), { recursive: true })));
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    await apply(folder, edits);
    await execa(process.execPath, [path.join(folder, 'scripts/build.ts')], { stdin: 'ignore' });
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Returns the attacks that succeed without a rule. @throws if none could be tried */
export const openedWithout = (root: string, takeOut: TakeOut): Promise<readonly string[]> =>
  withCopy(root, takeOut.edits, SOURCES, async (folder) => {
    const report = path.join(folder, 'report');
    await mkdir(report);
    const { network, families = 'dual', only } = takeOut;
    const which = only === undefined ? ['--quick'] : ['--only', only];
    const choice = ['--network', network, '--families', families, '--backend', 'nft', ...which];
    const command = [path.join(root, 'scripts/attacks.ts'), ...choice, '--checkout', folder, '--report', report];
    // It exits with 1 if attacks succeed, which is the purpose here.
    const { stdout } = await execa(process.execPath, command, { stdin: 'ignore', reject: false });
    const { columns, rows } = JSON.parse(await readFile(path.join(report, 'report.json'), 'utf8')) as Report;
    if (rows.length === 0) throw new Error(`without ${takeOut.name} no attack could be tried: ${stdout}`);
    const outcome = columns.indexOf('outcome');
    return [...new Set(rows.filter((row) => row[outcome] === 'gets through').map(([attack]) => String(attack)))];
  });

/** Returns the titles of the tests that fail without a rule. @throws if none ran */
export const failedWithout = (root: string, takeOut: TestedTakeOut): Promise<readonly string[]> =>
  withCopy(root, takeOut.edits, [...SOURCES, ...TESTS], async (folder) => {
    const command = [path.join(folder, 'scripts/test.ts'), takeOut.file, '-t', takeOut.title];
    const { stdout, stderr } = await execa(process.execPath, command, { stdin: 'ignore', reject: false, cwd: folder });
    const text = `${stdout}\n${stderr}`;
    const failed = [...text.matchAll(/^ *● (.+ › .+)$/gm)].flatMap(([, title]) => title ?? []);
    if (failed.length === 0 && !/^Tests: .* [1-9]\d* passed/m.test(text))
      throw new Error(`without ${takeOut.name} no test ran: ${text}`);
    return [...new Set(failed)];
  });
