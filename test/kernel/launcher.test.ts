import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { createCompanionStarter, type StartCompanion } from '../../src/kernel/companion.ts';
import { createLaunchingRunner, type LaunchingRunner } from '../../src/kernel/launcher.ts';
import { waitFor } from '../support/wait-for.ts';

let runner: LaunchingRunner;
/** Programs that were not started by a shell. */
let alone: string[];

const plain = createCommandRunner();
const counting: CommandRunner = {
  run(file, args, options) {
    alone.push(file);
    return plain.run(file, args, options);
  },
};
const open = (start: StartCompanion = createCompanionStarter([], 'as it is'), shells = 1): LaunchingRunner =>
  createLaunchingRunner({ runner: counting, start, clock: createSystemClock(), shells });

beforeEach(() => {
  alone = [];
  runner = open();
});

afterEach(() => {
  runner.stop();
});

test('the launcher returns a program’s output unchanged', async () => {
  const texts = ['', 'one', 'one\n', '\n\n', 'it\'s $HOME `id` \\n "x" ; echo no', 'ü€😀'.repeat(100_000)];
  for (const text of texts)
    expect(await runner.run('printf', ['%s', text.slice(0, 100_000)])).toBe(text.slice(0, 100_000));
  expect(alone).toEqual([]);
});

test('the launcher returns long outputs', async () => {
  const output = await runner.run('seq', ['1000000']);
  expect(output.length).toBe(6_888_896);
  expect(output.endsWith('\n999999\n1000000\n')).toBe(true);
});

test('the launcher passes on an output piece by piece, without its end mark', async () => {
  for (const [count, length] of [
    [0, 0],
    [1, 2],
    [12, 27],
    [1_000_000, 6_888_896],
  ] as const) {
    const pieces: string[] = [];
    const sink = () => (piece: string) => void pieces.push(piece);
    expect(await runner.run('seq', [String(count)], { sink })).toBe('');
    const text = pieces.join('');
    expect(text).toHaveLength(length);
    expect(text.endsWith(count === 0 ? '' : `${String(count)}\n`)).toBe(true);
    expect(Math.max(0, ...pieces.map((piece) => piece.length))).toBeLessThan(70_000);
  }
  expect(alone).toEqual([]);
});

test('the launcher delivers the pieces of a repeated program again', async () => {
  const attempts: string[][] = [];
  const sink = () => {
    const pieces: string[] = [];
    attempts.push(pieces);
    return (piece: string) => void pieces.push(piece);
  };
  const failing = runner.run('sh', ['-c', 'echo some; echo why >&2; exit 3'], { sink });
  await expect(failing).rejects.toThrow(/why$/);
  expect(attempts.map((pieces) => pieces.join(''))).toEqual(['some\n', 'some\n']);
});

test('a program does not read the shell’s input', async () => {
  expect(await runner.run('cat', [])).toBe('');
  expect(await runner.run('echo', ['next'])).toBe('next\n');
  expect(alone).toEqual([]);
});

test('the launcher repeats a failed program to get its error', async () => {
  await expect(runner.run('cat', ['/nowhere'])).rejects.toThrow(/No such file or directory$/);
  await expect(runner.run('no-such-program', [])).rejects.toThrow(/ENOENT/);
  expect(alone).toEqual(['cat', 'no-such-program']);
  expect(await runner.run('echo', ['next'])).toBe('next\n');
  expect(alone).toHaveLength(2);
});

test('a program with input, and one that comes while the shell is busy, is started directly', async () => {
  expect(await runner.run('cat', [], { input: 'text' })).toBe('text');
  const outputs = ['one', 'two', 'three'].map((word) => runner.run('echo', [word]));
  expect(await Promise.all(outputs)).toEqual(['one\n', 'two\n', 'three\n']);
  expect(alone).toEqual(['cat', 'echo', 'echo']);
});

test('a program that exceeds its time is killed, and the next one gets another shell', async () => {
  const word = `30${process.pid}`;
  await expect(runner.run('sleep', [word], { timeoutMs: 200 })).rejects.toThrow(/timed out$/);
  const isGone = (): Promise<true | undefined> =>
    plain.run('pgrep', ['--full', '--exact', `sleep ${word}`]).then(
      () => undefined,
      () => true as const,
    );
  await waitFor('its end', 10_000, isGone);
  await waitFor('a shell', 10_000, async () => {
    alone = [];
    await runner.run('true', []);
    return alone.length === 0 || undefined;
  });
});

test('a killed shell has no visible effect', async () => {
  const shell = Number(await runner.run('sh', ['-c', 'echo $PPID']));
  const output = runner.run('sh', ['-c', 'sleep 0.2; echo done']);
  process.kill(shell, 'SIGKILL');
  expect(await output).toBe('done\n');
  expect(alone).toEqual(['sh']);
  expect(await runner.run('echo', ['next'])).toBe('next\n');
});

test('without a shell every program is started directly', async () => {
  runner.stop();
  runner = open((_file, args, ...heard) => createCompanionStarter([], 'as it is')('false', args, ...heard));
  expect(await runner.run('echo', ['one'])).toBe('one\n');
  expect(await runner.run('echo', ['two'])).toBe('two\n');
  expect(alone).toEqual(['echo', 'echo']);
});
