import { waitFor } from '../support/wait-for.ts';
import { describe, expect, test } from '@jest/globals';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';

const runner = createCommandRunner();

/** The error that a command ends with. */
const failureOf = async (work: Promise<string>): Promise<CommandError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CommandError)) throw new Error(`no CommandError but ${String(error)}`);
  return error;
};

/** Longer than a command's time and the grace after it, seconds; unlike any other, to be found by. */
const HOLDER = '3.371';

describe('a command', () => {
  test('gives back what it printed, to the last byte', async () => {
    expect(await runner.run('printf', ['a\\nb\\n\\n'])).toBe('a\nb\n\n');
  });

  test('gets its arguments as they are, by no shell', async () => {
    const args = ['$HOME', '`id`', 'a b', '*', '"', "'", '\\', '; exit 1', ''];
    expect(await runner.run('printf', ['[%s]', ...args])).toBe(args.map((arg) => `[${arg}]`).join(''));
  });

  test('reads its input from us, or nothing', async () => {
    expect(await runner.run('cat', [], { input: 'one\ntwo' })).toBe('one\ntwo');
    expect(await runner.run('cat', [])).toBe('');
  });

  test('takes more input than a pipe holds, and prints as much', async () => {
    const input = 'add portcullis-4-governed 10.0.0.1\n'.repeat(100_000);
    expect(await runner.run('cat', [], { input })).toBe(input);
  });

  test('hands on what it prints piece by piece, if asked to', async () => {
    const pieces: string[] = [];
    const sink = () => (piece: string) => void pieces.push(piece);
    expect(await runner.run('seq', ['100000'], { sink })).toBe('');
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.join('')).toBe(await runner.run('seq', ['100000']));
  });

  test('speaks no language', async () => {
    expect(await runner.run('sh', ['-c', 'printf %s "$LC_ALL"'])).toBe('C');
  });

  test('runs where the prefix leads', async () => {
    const inside = createCommandRunner(['env', 'PLACE=there']);
    expect(await inside.run('sh', ['-c', 'printf %s "$PLACE"'])).toBe('there');
  });
});

describe('a command that fails', () => {
  test('says so in one line, with the last that it said itself', async () => {
    const script = 'echo out; echo zero >&2; echo first >&2; echo >&2; echo last >&2; exit 3';
    const error = await failureOf(runner.run('sh', ['-c', script]));
    expect(error.message).toBe(`sh -c ${script}: first; last`);
    expect(error).toMatchObject({ exitCode: 3, stderr: 'zero\nfirst\n\nlast\n' });
  });

  test('with advice on how to get help spares us that', async () => {
    const script =
      "echo \"Set x doesn't exist.\" >&2; echo 'Error occurred at line: 2' >&2; echo 'Try `x -h'\"'\"' for more.' >&2; exit 2";
    const error = await failureOf(runner.run('sh', ['-c', script]));
    expect(error.message).toMatch(/: Set x doesn't exist.; Error occurred at line: 2$/);
  });

  test('without a word has a message all the same', async () => {
    const error = await failureOf(runner.run('false', []));
    expect(error.message).toBe('false: exit code 1');
  });

  test('because it was killed says by what', async () => {
    expect((await failureOf(runner.run('sh', ['-c', 'kill -KILL $$']))).message).toBe(
      'sh -c kill -KILL $$: killed by SIGKILL',
    );
  });

  test('because it is not there is named', async () => {
    const error = await failureOf(runner.run('iptables-of-nobody', ['-L']));
    expect(error.message).toMatch(/^iptables-of-nobody -L: .*ENOENT/);
    expect(error.exitCode).toBeUndefined();
  });

  test('is named without the prefix', async () => {
    const inside = createCommandRunner(['env', 'PLACE=there']);
    expect((await failureOf(inside.run('false', ['x']))).message).toMatch(/^false x: /);
  });

  test('to end in time is killed', async () => {
    const started = performance.now();
    const error = await failureOf(runner.run('sh', ['-c', "trap '' TERM; exec sleep 60"], { timeoutMs: 200 }));
    expect(error.message).toContain('timed out');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test.each([
    ['hangs', `sleep ${HOLDER} & exec sleep 30`],
    ['ends in time', `sleep ${HOLDER} & echo done`],
  ])('to let go of its output in time, though it %s itself, is given up', async (_, script) => {
    const started = performance.now();
    const error = await failureOf(runner.run('sh', ['-c', script], { timeoutMs: 200 }));
    expect(error.message).toMatch(/: timed out and could not be killed$/);
    expect(performance.now() - started).toBeLessThan(15_000);
    await waitFor(
      'the holder of the output to end',
      30_000,
      async () => (await runner.run('pgrep', ['-f', `^sleep ${HOLDER}$`]).catch(() => '')) === '' || undefined,
    );
  });

  test('does not print its input', async () => {
    const error = await failureOf(runner.run('sh', ['-c', 'cat >/dev/null; exit 1'], { input: 'secret' }));
    expect(error.message).not.toContain('secret');
  });
});
