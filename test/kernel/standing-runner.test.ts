import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { CommandError, type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { createCompanionStarter, type StartCompanion } from '../../src/kernel/companion.ts';
import type { Backend } from '../../src/kernel/iptables.ts';
import {
  ipsetRestore,
  iptablesRestore,
  type LineProgram,
  createStandingRunner,
  type StandingRunner,
} from '../../src/kernel/restore-programs.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { holdXtablesLock } from '../support/faults/xtables-lock.ts';
import { waitFor } from '../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const DEADLINE_MS = 60_000;

interface Tool {
  readonly program: LineProgram;
  readonly backend: Backend;
  /** Leaves the mark in the kernel. */
  readonly text: (mark: string) => string;
  /** Fails: the lines after it in the same text have no effect either. */
  readonly refused: string;
  readonly words: RegExp;
  readonly held: (filter: PacketFilter) => Promise<string>;
}

const rules = (backend: Backend): Tool => ({
  program: iptablesRestore('ipv4', backend, 1),
  backend,
  text: (mark) => `*security\n:${mark} - [0:0]\n-A ${mark} -j RETURN\nCOMMIT\n`,
  refused: '*security\n:never - [0:0]\n-X nowhere\nCOMMIT\n*security\n:never - [0:0]\nCOMMIT\n',
  words: /line:? 3\b/,
  held: (filter) => filter.table('ipv4'),
});

const TOOLS: readonly (readonly [name: string, tool: Tool])[] = [
  ['iptables-nft-restore', rules('nft')],
  ['iptables-legacy-restore', rules('legacy')],
  [
    'ipset restore',
    {
      program: ipsetRestore,
      backend: 'nft',
      text: (mark) => `create ${mark} hash:ip family inet hashsize 64 maxelem 8\nadd ${mark} 10.0.0.1\n`,
      refused:
        'create full hash:ip family inet hashsize 64 maxelem 1\nadd full 10.0.0.1\nadd full 10.0.0.2\ncreate never hash:ip\n',
      words: /line 3: Hash is full/,
      held: (filter) => filter.sets(),
    },
  ],
];

describe.each(TOOLS)('%s that stays', (_, { program, backend, text, refused, words, held }) => {
  let filter: PacketFilter;
  let runner: StandingRunner;
  let started: number;
  /** Texts that got a process of their own. */
  let alone: number;

  const run = (input: string, timeoutMs = 10_000): Promise<string> =>
    runner.run(program.file, program.args, { input, timeoutMs });

  const pids = async (): Promise<readonly number[]> => {
    const all = (await createCommandRunner().run('ip', ['netns', 'pids', filter.name])).trim().split('\n');
    return all.filter((pid) => pid !== '').map(Number);
  };
  const pid = (): Promise<number> =>
    waitFor('the program', DEADLINE_MS, async () => {
      const [only] = await pids();
      return only;
    });

  /** Sends texts until the restore program takes one. */
  const untilStanding = (): Promise<true> =>
    waitFor('the program to take a text', DEADLINE_MS, async () => {
      const before = alone;
      await run(text('probe'));
      return alone === before || undefined;
    });

  const open = (start: StartCompanion): StandingRunner => {
    const plain: CommandRunner = {
      run(file, args, options) {
        alone += 1;
        return filter.runner.run(file, args, options);
      },
    };
    const counting: StartCompanion = (...args) => {
      started += 1;
      return start(...args);
    };
    return createStandingRunner([program], { runner: plain, start: counting, clock: createSystemClock() });
  };

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    started = 0;
    alone = 0;
    runner = open(createCompanionStarter(inNetns(filter.name)));
  });

  afterEach(async () => {
    runner.stop();
    await filter.close();
  });

  test('a restore program applies one text after another', async () => {
    await untilStanding();
    const before = alone;
    for (const mark of ['one', 'two', 'three']) {
      await run(text(mark));
      expect(await held(filter)).toContain(mark);
    }
    expect([started, alone]).toEqual([1, before]);
  });

  test('a restore program sees other programs’ changes', async () => {
    await untilStanding();
    await run(text('one'));
    await filter.load('ipv4', ['-F', '-X']).catch(() => undefined);
    await filter.loadSets(['flush', 'destroy']);
    expect(await held(filter)).not.toContain('one');
    await run(text('one'));
    expect(await held(filter)).toContain('one');
  });

  test('a restore program fails with the same message as a new process, stops there, and is started again', async () => {
    await untilStanding();
    await run(text('one'));
    const error: unknown = await run(refused).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CommandError);
    expect(await held(filter)).not.toContain('never');
    const { message, exitCode } = error as CommandError;
    expect(message).toMatch(words);
    await expect(filter.runner.run(program.file, program.args, { input: refused })).rejects.toMatchObject({
      message,
      exitCode,
    });
    await untilStanding();
    await run(text('two'));
    expect(await held(filter)).toContain('two');
  });

  test('a restore program that was killed between two texts is replaced once that is known', async () => {
    await untilStanding();
    process.kill(await pid(), 'SIGKILL');
    await waitFor('its end', DEADLINE_MS, async () => ((await pids()).length === 0 ? true : undefined));
    await waitFor('a text to be carried out', DEADLINE_MS, () =>
      run(text('one')).then(
        () => true as const,
        () => undefined,
      ),
    );
    expect(await held(filter)).toContain('one');
    await untilStanding();
    expect(started).toBe(2);
  });

  test('a restore program that is killed during a text reports it, and the text does not count as applied', async () => {
    await untilStanding();
    const stopped = await pid();
    process.kill(stopped, 'SIGSTOP');
    const outcome = expect(run(text('one'))).rejects.toMatchObject({
      message: expect.stringMatching(/killed by SIGKILL$/),
      exitCode: undefined,
    });
    process.kill(stopped, 'SIGKILL');
    await outcome;
    await untilStanding();
  });

  test('a restore program that does not answer in time is killed', async () => {
    await untilStanding();
    process.kill(await pid(), 'SIGSTOP');
    await expect(run(text('one'), 300)).rejects.toThrow(/timed out$/);
    expect(await pids()).toEqual([]);
    expect(await held(filter)).not.toContain('one');
    await run(text('one'));
    expect(await held(filter)).toContain('one');
  });

  test('a busy restore program delays no other text', async () => {
    await untilStanding();
    await Promise.all(['one', 'two', 'three'].map((mark) => run(text(mark))));
    const after = await held(filter);
    for (const mark of ['one', 'two', 'three']) expect(after).toContain(mark);
  });

  test('each text gets a process of its own if restore programs cannot be started', async () => {
    runner.stop();
    runner = open((_file, args, ...heard) => createCompanionStarter()('false', args, ...heard));
    await run(text('one'));
    expect(await held(filter)).toContain('one');
    expect(alone).toBe(1);
  });

  test('a text of many lines gets a process of its own', async () => {
    await untilStanding();
    const before = alone;
    const many = Array.from({ length: 2_000 }, (_each, at) => text(`many${at}`).trim());
    await run(program.file === 'ipset' ? `${many.join('\n')}\n` : text('one').repeat(1_000));
    expect(alone).toBe(before + 1);
  });
});

test('a text whose end cannot be recognized gets a process of its own', () => {
  const { echo } = iptablesRestore('ipv4', 'nft', 5);
  expect(echo('*security\n:chain - [0:0]\n')).toBeUndefined();
  expect(echo('*security\n:chain - [0:0]\nCOMMIT\n*security\n:chain - [0:0]\n')).toBeUndefined();
});

test('a text that destroys sets, which may be refused, gets a process of its own', () => {
  expect(ipsetRestore.echo('destroy one\n')).toBeUndefined();
  expect(ipsetRestore.echo('destroy one\ndestroy two\n')).toBeUndefined();
});

test('delayed restore programs start once the condition has settled either way, and not after the end', async () => {
  const started: string[] = [];
  const open = (after: Promise<unknown>): StandingRunner =>
    createStandingRunner([ipsetRestore], {
      runner: { run: () => Promise.resolve('') },
      start(file) {
        started.push(file);
        return { write: () => undefined, ended: new Promise(() => undefined), stop: () => undefined };
      },
      clock: createSystemClock(),
      after,
    });
  const last = Promise.withResolvers<undefined>();
  open(last.promise);
  const stopped = open(last.promise);
  open(Promise.reject(new Error('no')));
  expect(started).toEqual([]);
  stopped.stop();
  last.resolve(undefined);
  await new Promise(setImmediate);
  expect(started).toEqual(['ipset', 'ipset']);
});

test('a standing iptables-legacy-restore holds no lock, and reports another holder', async () => {
  const filter = await openPacketFilter('legacy');
  const { program, text, held } = rules('legacy');
  const runner = createStandingRunner([program], {
    runner: { run: () => Promise.reject(new Error('alone')) },
    start: createCompanionStarter(inNetns(filter.name)),
    clock: createSystemClock(),
  });
  const run = (mark: string): Promise<string> => runner.run(program.file, program.args, { input: text(mark) });
  try {
    await waitFor('the program', DEADLINE_MS, () =>
      run('one').then(
        () => true as const,
        () => undefined,
      ),
    );
    const release = await holdXtablesLock();
    const outcome = expect(run('two')).rejects.toMatchObject({
      message: expect.stringMatching(/xtables lock/),
      exitCode: 4,
    });
    await outcome;
    expect(await held(filter)).not.toContain('two');
    await release();
  } finally {
    runner.stop();
    await filter.close();
  }
});
