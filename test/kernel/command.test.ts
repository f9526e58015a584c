import { waitFor } from '../support/wait-for.ts';
import { describe, expect, test } from '@jest/globals';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';

const runner = createCommandRunner();

/** Returns the error of a command. */
const failureOf = async (work: Promise<string>): Promise<CommandError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CommandError)) throw new Error(`no CommandError but ${String(error)}`);
  return error;
};

/** In seconds: longer than a command's limit and the grace after it; a unique number, to find the process by. */
const HOLDER = '3.371';

describe('running a command', () => {
  test('a command’s output is returned to the last byte', async () => {
    expect(await runner.run('printf', ['a\\nb\\n\\n'])).toBe('a\nb\n\n');
  });

  test('a command gets its arguments unchanged, without a shell', async () => {
    const args = ['$HOME', '`id`', 'a b', '*', '"', "'", '\\', '; exit 1', ''];
    expect(await runner.run('printf', ['[%s]', ...args])).toBe(args.map((arg) => `[${arg}]`).join(''));
  });

  test('a command reads its input from us, or no input', async () => {
    expect(await runner.run('cat', [], { input: 'one\ntwo' })).toBe('one\ntwo');
    expect(await runner.run('cat', [])).toBe('');
  });

  test('a command can take more input than a pipe holds, and print as much', async () => {
    const input = 'add portcullis-4-governed 10.0.0.1\n'.repeat(100_000);
    expect(await runner.run('cat', [], { input })).toBe(input);
  });

  test('a command’s output is passed on piece by piece if requested', async () => {
    const pieces: string[] = [];
    const sink = () => (piece: string) => void pieces.push(piece);
    expect(await runner.run('seq', ['100000'], { sink })).toBe('');
    expect(pieces.length).toBeGreaterThan(5);
    expect(pieces.join('')).toBe(await runner.run('seq', ['100000']));
  });

  test('a command runs in the C locale', async () => {
    expect(await runner.run('sh', ['-c', 'printf %s "$LC_ALL"'])).toBe('C');
  });

  test('a command runs in the place of the prefix', async () => {
    const inside = createCommandRunner(['env', 'PLACE=there']);
    expect(await inside.run('sh', ['-c', 'printf %s "$PLACE"'])).toBe('there');
  });
});

describe('failing commands', () => {
  test('a failed command’s error is one line with its last message', async () => {
    const script = 'echo out; echo zero >&2; echo first >&2; echo >&2; echo last >&2; exit 3';
    const error = await failureOf(runner.run('sh', ['-c', script]));
    expect(error.message).toBe(`sh -c ${script}: first; last`);
    expect(error).toMatchObject({ exitCode: 3, stderr: 'zero\nfirst\n\nlast\n' });
  });

  test('a failed command’s error omits advice on how to get help', async () => {
    const script =
      "echo \"Set x doesn't exist.\" >&2; echo 'Error occurred at line: 2' >&2; echo 'Try `x -h'\"'\"' for more.' >&2; exit 2";
    const error = await failureOf(runner.run('sh', ['-c', script]));
    expect(error.message).toMatch(/: Set x doesn't exist.; Error occurred at line: 2$/);
  });

  test('a failed command without output has a message all the same', async () => {
    const error = await failureOf(runner.run('false', []));
    expect(error.message).toBe('false: exit code 1');
  });

  test('a killed command’s error names the signal', async () => {
    expect((await failureOf(runner.run('sh', ['-c', 'kill -KILL $$']))).message).toBe(
      'sh -c kill -KILL $$: killed by SIGKILL',
    );
  });

  test('a missing command’s error names it', async () => {
    const error = await failureOf(runner.run('iptables-of-nobody', ['-L']));
    expect(error.message).toMatch(/^iptables-of-nobody -L: .*ENOENT/);
    expect(error.exitCode).toBeUndefined();
  });

  test('a failed command’s error names it without the prefix', async () => {
    const inside = createCommandRunner(['env', 'PLACE=there']);
    expect((await failureOf(inside.run('false', ['x']))).message).toMatch(/^false x: /);
  });

  test('a command that exceeds its time limit is killed', async () => {
    const started = performance.now();
    const error = await failureOf(runner.run('sh', ['-c', "trap '' TERM; exec sleep 60"], { timeoutMs: 200 }));
    expect(error.message).toContain('timed out');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test.each([
    ['hangs', `sleep ${HOLDER} & exec sleep 30`],
    ['ends in time', `sleep ${HOLDER} & echo done`],
  ])('a command that keeps its output open although it %s itself is abandoned', async (_, script) => {
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

  test('a failed command’s error does not contain its input', async () => {
    const error = await failureOf(runner.run('sh', ['-c', 'cat >/dev/null; exit 1'], { input: 'secret' }));
    expect(error.message).not.toContain('secret');
  });
});
