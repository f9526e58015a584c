import { describe, expect, test } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { runCli } from '../../src/cli/run-cli.ts';
import { type ExitCode, UsageError, type Verb } from '../../src/cli/verb.ts';
import type { VerbEntry } from '../../src/cli/verbs.ts';

interface GreetOptions {
  readonly name?: string;
}

/** A verb that greets, returns findings, fails or is misused, as its option says. */
const greet: Verb = {
  declare: (command) => {
    command.option('--name <name>', 'whom to greet').addHelpText('after', '\nExample:\n  portcullis greet --name Ada');
  },
  run: async (command, io): Promise<ExitCode> => {
    const { name } = command.opts<GreetOptions>();
    await Promise.resolve();
    if (name === undefined) throw new UsageError('--name is missing');
    if (name === 'nobody') throw new Error('cannot greet', { cause: new Error('nobody is there') });
    if (name === 'bug') throw new TypeError('x is not a function');
    if (name === 'fault') return 1;
    io.out(`hello ${name}\n`);
    return 0;
  },
};

const run = async (...args: string[]) => {
  const said = { out: '', err: '' };
  const loaded: string[] = [];
  const entry = (name: string): VerbEntry => ({
    name,
    summary: `The verb ${name}`,
    load: async () => {
      loaded.push(name);
      return Promise.resolve(greet);
    },
  });
  const io = {
    env: {},
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  const code = await runCli(args, io, [entry('greet'), entry('other')]);
  return { code, loaded, ...said };
};

describe('runCli', () => {
  test('runCli runs the verb and loads no other', async () => {
    expect(await run('greet', '--name', 'Ada')).toEqual({ code: 0, loaded: ['greet'], out: 'hello Ada\n', err: '' });
  });

  test('runCli prints the version of the package', async () => {
    expect(await run('--version')).toMatchObject({ code: 0, out: `${packageJson.version}\n`, loaded: [] });
  });

  test('runCli lists the verbs with their summaries, without loading them', async () => {
    const { code, out, loaded } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('The verb greet');
    expect(out).toContain('The verb other');
    expect(loaded).toEqual([]);
  });

  test.each([
    ['greet', '--help'],
    ['help', 'greet'],
  ])('runCli prints the help of one verb with its examples: %s %s', async (...args) => {
    const { code, out } = await run(...args);
    expect(code).toBe(0);
    expect(out).toContain('--name <name>');
    expect(out).toContain('portcullis greet --name Ada');
  });

  test('runCli returns the exit code of the verb', async () => {
    expect(await run('greet', '--name', 'fault')).toMatchObject({ code: 1, err: '' });
  });

  test('runCli prints a failure with its cause and returns 1', async () => {
    expect(await run('greet', '--name', 'nobody')).toMatchObject({
      code: 1,
      err: 'portcullis greet: cannot greet: nobody is there\n',
    });
  });

  test('runCli keeps the stack of a bug', async () => {
    const { code, err } = await run('greet', '--name', 'bug');
    expect(code).toBe(1);
    expect(err).toContain('a bug in portcullis: TypeError: x is not a function\n    at ');
  });

  test.each([
    [['greet'], '--name is missing'],
    [['greet', '--colour'], "unknown option '--colour'"],
    [['greeet'], "unknown command 'greeet'"],
    [[], 'Usage: portcullis VERB'],
  ])('runCli returns 2 for wrong usage: %j', async (args, message) => {
    const { code, err, out } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});
