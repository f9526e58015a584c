import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** Each folder of src opens with a README. What it says about files, imports and rules is compared with them. */

const ROOT = path.join(import.meta.dirname, '../..');
const MOST_LINES = 85;
const SECTIONS = ['Words', 'Flow', 'Imports', 'Start reading'];
/** Folders that may import everything. */
const COMPOSITION = ['agent', 'cli'];

const read = (...file: readonly string[]): string => readFileSync(path.join(ROOT, ...file), 'utf8');

const folders = readdirSync(path.join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

interface DependencyRules {
  readonly default: { readonly forbidden: readonly { readonly comment?: string }[] };
}

const importRules = (await import(path.join(ROOT, '.dependency-cruiser.js'))) as DependencyRules;

/** What each folder may import besides itself, by the comments of the import rules. */
const sees: ReadonlyMap<string, readonly string[]> = new Map(
  importRules.default.forbidden.flatMap(({ comment = '' }) => {
    const [, folder, seen] = /^src\/([\w-]+) may import from: (.+)$/.exec(comment) ?? [];
    return folder === undefined || seen === undefined
      ? []
      : [[folder, seen.split(', ').filter((each) => each !== folder)] as const];
  }),
);

/** Returns the code words of the line that begins with a text. */
const wordsAfter = (text: string, start: string): readonly string[] => {
  const line = text.split('\n').find((each) => each.startsWith(start)) ?? '';
  return [...line.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
};

/** Returns the files and folders that a README names in code marks. */
const namedFiles = (text: string): readonly string[] =>
  [...text.replaceAll(/```.*?```/gs, '').matchAll(/`([\w./-]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => /\/|\.(?:ts|txt|nft)$/.test(name));

describe.each(folders)('src/%s/README.md', (folder) => {
  const readme = (): string => read('src', folder, 'README.md');

  test(`src/${folder}/README.md has all sections on at most a page`, () => {
    const text = readme();
    expect(text).toMatch(new RegExp(`^# ${folder}\n`));
    expect(SECTIONS.filter((section) => !text.includes(`\n## ${section}\n`))).toEqual([]);
    expect(text).toMatch(/\n## To (?:add|change|keep|run) /);
    expect(text.split('\n').length).toBeLessThanOrEqual(MOST_LINES);
  });

  test(`the files that src/${folder}/README.md names exist`, () => {
    const names = namedFiles(readme());
    expect(names.length).toBeGreaterThan(0);
    const isThere = (name: string): boolean =>
      [`src/${folder}`, 'src', '.'].some((place) => existsSync(path.join(ROOT, place, name)));
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });

  test(`the links of src/${folder}/README.md lead to files`, () => {
    const links = [...readme().matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(path.join(ROOT, 'src', folder, link)))).toEqual([]);
  });

  test(`src/${folder}/README.md gives the imports that the import rules allow`, () => {
    const text = readme();
    if (COMPOSITION.includes(folder)) {
      expect(text).toContain('\nMay import: everything.\n');
      return;
    }
    expect(wordsAfter(text, 'May import: ')).toEqual(sees.get(folder));
    const importers = [...sees].flatMap(([name, seen]) =>
      seen.some((each) => each === folder || each.startsWith(`${folder}/`)) ? [name] : [],
    );
    expect(wordsAfter(text, 'May be imported by: ')).toEqual([...importers, 'main.ts', ...COMPOSITION]);
  });
});

describe('the chains in src/program/README.md', () => {
  const blocks = [...read('src/program/README.md').matchAll(/```\n(.*?)\n```/gs)].map(([, block = '']) =>
    block.split('\n'),
  );
  const blockWith = (start: string): readonly string[] =>
    blocks.find(([line]) => line?.startsWith(start) === true) ?? [];

  test('the chains are those of the golden, with all their rules', () => {
    const shown = blockWith('-A ');
    const chains = new Set(shown.map((line) => line.split(' ')[1]));
    const golden = read('test/golden/pod-selector/iptables.txt')
      .split('\n')
      .filter((line) => /^-[AI] /.test(line) && chains.has(line.split(' ')[1]));
    expect(shown.length).toBeGreaterThan(5);
    expect(shown).toEqual(golden);
  });

  test('the set is that of the golden, with all its members', () => {
    const shown = blockWith('create ');
    const [, name = 'none'] = shown[0]?.split(' ') ?? [];
    expect(shown).toEqual(
      read('test/golden/pod-selector/ipset.txt')
        .split('\n')
        .filter((line) => line.split(' ')[1] === name),
    );
  });
});
