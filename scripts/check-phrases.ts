import { readFileSync, globSync } from 'node:fs';
import path from 'node:path';
import { findPhrases } from './phrases/phrases.ts';

/**
 * Refuses phrases that a reader has to read twice, in sources, documents, manifests and test titles: prints file, line,
 * phrase and plain form of each. A part of `npm run check`. New phrases go into phrases/phrases.ts.
 */

const root = path.join(import.meta.dirname, '..');

const FILES = [
  '{src,test,bench,chaos,e2e,scripts}/**/*.{ts,js,mjs,go,pl,md}',
  '{docs,demo}/**/*.{md,yaml}',
  '{charts,manifests}/**/*.{yaml,tpl,txt,md}',
  'cni-plugin/*.go',
  'bin/*',
  '*.{md,js,yaml}',
  'Dockerfile',
];

/** The list itself. */
const LIST = path.join('scripts', 'phrases', 'phrases.ts');

const files = globSync(FILES, { cwd: root, exclude: (name) => name === 'node_modules' || name === 'results' });

const found = files
  .filter((file) => file !== LIST)
  .toSorted()
  .flatMap((file) =>
    findPhrases(readFileSync(path.join(root, file), 'utf8')).map(
      ({ line, text, instead }) => `${file}:${line}: "${text}": ${instead}`,
    ),
  );

for (const line of found) console.log(line);
process.exitCode = found.length === 0 ? 0 : 1;
