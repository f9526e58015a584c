import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { CommandError, type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { startProcess } from '../../src/lab/process.ts';
import { enterSandbox, prepareSandbox } from '../../src/lab/sandbox.ts';
import { waitFor } from '../support/wait-for.ts';

const IN_SANDBOX = fileURLToPath(new URL('../support/lab/in-sandbox.ts', import.meta.url));
const SANDBOX = fileURLToPath(new URL('../../src/lab/sandbox.ts', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../src/kernel/command.ts', import.meta.url));
const DEADLINE_MS = 60_000;

const commandLines = (): readonly string[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });

/** Waits until a process with exactly this command line runs, or none does. */
const untilRuns = async (command: string, wanted: boolean): Promise<void> => {
  await waitFor(`${command} ${wanted ? 'to run' : 'to end'}`, DEADLINE_MS, () => {
    const runs = commandLines().some((line) => line.trim() === command);
    return Promise.resolve(runs === wanted || undefined);
  });
};

describe('a sandbox', () => {
  test('a sandbox has namespaces of its own, and ends with its command’s exit code', async () => {
    const lines: string[] = [];
    const script = 'readlink /proc/self/ns/net; id -u; echo $$; exit 7';
    const child = await startProcess(process.execPath, [IN_SANDBOX, 'sh', '-c', script], {
      output: (line) => lines.push(line),
    });
    expect(await child.ended).toEqual({ code: 7 });
    const [network, user, pid] = lines;
    expect(network).toMatch(/^net:/);
    expect(network).not.toBe(readlinkSync('/proc/self/ns/net'));
    expect([user, pid]).toEqual(['0', '1']);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('a sandbox dies with the program that made it, by %s', async (signal) => {
    const seconds = signal === 'SIGKILL' ? '7331' : '7332';
    const child = await startProcess(process.execPath, [
      IN_SANDBOX,
      'sh',
      '-c',
      `trap "exit 0" TERM; sleep ${seconds} & wait`,
    ]);
    await untilRuns(`sleep ${seconds}`, true);
    child.signal(signal);
    await child.ended;
    await untilRuns(`sleep ${seconds}`, false);
  });

  test('a sandbox is prepared only from within', async () => {
    const outside = process.env['PORTCULLIS_SANDBOX'];
    process.env['PORTCULLIS_SANDBOX'] = readlinkSync('/proc/self/ns/net');
    try {
      await expect(prepareSandbox(createCommandRunner())).rejects.toThrow('must run inside a sandbox');
    } finally {
      if (outside !== undefined) process.env['PORTCULLIS_SANDBOX'] = outside;
    }
  });

  test('a sandbox within a sandbox has a /run of its own, and does not change the outer one', async () => {
    const runner = createCommandRunner();
    await prepareSandbox(runner);
    await runner.run('ip', ['netns', 'add', 'outer']);
    const program = `
      const { prepareSandbox } = await import(${JSON.stringify(SANDBOX)});
      const { createCommandRunner } = await import(${JSON.stringify(COMMAND)});
      const runner = createCommandRunner();
      await prepareSandbox(runner);
      console.log(JSON.stringify(await runner.run('ip', ['netns', 'list'])));`;
    try {
      const lines: string[] = [];
      const args = [IN_SANDBOX, process.execPath, '--input-type=module', '--eval', program];
      const inner = await startProcess(process.execPath, args, { output: (line) => lines.push(line) });
      expect(await inner.ended).toEqual({ code: 0 });
      expect(lines).toContain('""');
    } finally {
      await runner.run('ip', ['netns', 'delete', 'outer']);
    }
  });

  test('an error explains why the machine does not allow a sandbox', async () => {
    const failing = (stderr: string): CommandRunner => ({
      run: (file) => Promise.reject(new CommandError(file, stderr, 1, stderr)),
    });
    await expect(
      enterSandbox(failing('unshare: mount /proc failed: Operation not permitted'), 'true', []),
    ).rejects.toThrow('cannot make private namespaces: a fresh /proc may not be mounted here');
    await expect(enterSandbox(failing(''), 'true', [])).rejects.toThrow('unshare(1) of util-linux is not installed');
  });
});
