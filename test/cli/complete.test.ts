import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { complete } from '../../src/cli/complete.ts';
import { PLUGIN_VERBS } from '../../src/cli/plugin/verbs.ts';
import { VERBS } from '../../src/cli/verbs.ts';
import { runVerbs } from '../support/run-verbs.ts';

/** The words alone, without descriptions. */
const words = async (...typed: readonly string[]): Promise<readonly string[]> =>
  (await complete(typed, PLUGIN_VERBS)).map((line) => line.split('\t')[0] ?? '');

describe('completion', () => {
  test('verbs are completed, with what they do', async () => {
    expect(await words('e')).toEqual(['explain', ':4']);
    expect((await complete(['fl'], VERBS))[0]).toMatch(/^flows\tTells who talked to whom/);
    expect(await words('')).toEqual([...PLUGIN_VERBS.map(({ name }) => name), ':4']);
  });

  test('options of the verb are completed, and those that are hidden are not', async () => {
    expect(await words('flows', '--de')).toEqual(['--denied', ':4']);
    expect((await complete(['flows', '--'], VERBS)).join('\n')).not.toContain('--end-with-input');
  });

  test('values of an option are completed where they are known, and files where it takes one', async () => {
    expect(await words('flows', '-o', 'w')).toEqual(['wide', ':4']);
    expect(await words('suggest', '--flows', '')).toEqual([':0']);
    expect(await words('flows', '-n', '')).toEqual([':4']);
  });

  test('nothing is completed of a verb that does not exist', async () => {
    expect(await words('nonsense', '--')).toEqual([':4']);
  });

  test('the script for bash puts the completions where bash reads them', async () => {
    const { out } = await runVerbs('completion', 'bash');
    const main = join(import.meta.dirname, '../../src/cli/main.ts');
    const script = `
portcullis() { "${process.execPath}" "${main}" "$@"; }
complete() { :; }
${out}
COMP_WORDS=(portcullis flows --al); COMP_CWORD=2
_portcullis
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    expect(stdout).toBe('--all-namespaces\n--allowed\n');
  });
});
