import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import path from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { waitFor } from '../../../support/wait-for.ts';
import { DEADLINE_MS } from './run-play.ts';

jest.setTimeout(4 * DEADLINE_MS);

const ENTRY = path.join(import.meta.dirname, '../../../../src/cli/main.ts');
const FOLDER = path.join(import.meta.dirname, 'shop');

// ECMA-48 and xterm's control sequences.
const OTHER_SCREEN = '\u001B[?1049h';
const OWN_SCREEN = '\u001B[?1049l';

let shell: ChildProcessWithoutNullStreams;
let text: string;
let code: number | null | undefined;

/** Runs `play` on a terminal of its own, which script(1) makes. */
beforeEach(() => {
  text = '';
  code = undefined;
  const command = `stty cols 80 rows 24; exec ${process.execPath} ${ENTRY} play ${FOLDER}`;
  const clean = ['-u', 'PORTCULLIS_SANDBOX', '-u', 'NODE_OPTIONS', 'NO_COLOR=1', 'TERM=xterm'];
  shell = spawn('env', [...clean, 'script', '-q', '-e', '-f', '-c', command, '/dev/null']);
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  shell.on('exit', (ended) => {
    code = ended;
  });
});

afterEach(() => {
  if (code === undefined) shell.kill('SIGKILL');
});

const until = (what: string, isSo: () => boolean): Promise<true> =>
  waitFor(
    what,
    DEADLINE_MS,
    () => Promise.resolve(isSo() || undefined),
    () => text,
  );

/** Returns the lines of the newest frame. */
const frame = (): readonly string[] => (text.split('\u001B[H').at(-1) ?? '').split('\r\n');

const settled = (): Promise<true> =>
  until('a settled table', () => {
    const shown = frame().join('\n');
    return shown.includes('connects') && shown.includes('q quit') && !shown.includes('not settled');
  });

test.each([
  ['q', 'q'],
  ['Ctrl-C', '\u0003'],
])('play takes the window of a terminal, follows keys, and gives it back at %s', async (_, end) => {
  await settled();
  expect(frame()).toHaveLength(24);
  shell.stdin.write('w');
  await until('the reasons', () => frame().join('\n').includes('w why: on'));
  expect(frame().join('\n')).toContain('Why:');
  shell.stdin.write(end);
  await until('the end', () => code !== undefined);
  expect(code).toBe(0);
  expect(text.split(OTHER_SCREEN)).toHaveLength(2);
  expect(text.slice(text.indexOf(OTHER_SCREEN))).toContain(OWN_SCREEN);
});
