import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A manifest with a mistake that people ask about, and what has to be found in it. */
export interface WrongPolicy {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  /** `code field`, of every finding, sorted. */
  readonly finds: readonly string[];
}

const FOLDER = path.join(import.meta.dirname, 'wrong');

/** All of test/check/wrong: each file says in its comments what is found in it. */
export const WRONG_POLICIES: readonly WrongPolicy[] = readdirSync(FOLDER)
  .sort()
  .map((name) => {
    const file = path.join(FOLDER, name);
    const text = readFileSync(file, 'utf8');
    const finds = [...text.matchAll(/^# Finds: (.+)$/gm)].map(([, found = '']) => found);
    return { name: path.basename(name, '.yaml'), file, text, finds: finds.toSorted() };
  });
