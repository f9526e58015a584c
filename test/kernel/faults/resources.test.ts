import { readdir } from 'node:fs/promises';
import { release } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { startProcess } from '../../../src/lab/process.ts';
import { waitFor } from '../../support/wait-for.ts';
import { allowPort } from './namespace-agents.ts';
import { useGovernedNamespace } from './use-governed-namespace.ts';

/** Process ids below 300 are used only once. */
const PROCESSES = 400;
/** Since Linux 6.14 each process namespace has a limit of its own; before, it would be the machine's. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const testWithOwnLimit = major > 6 || (major === 6 && minor >= 14) ? test : test.skip;

/** Takes every process id that is or gets free in the namespace that this unshare(1) made; reaps its children. */
const FILLER = `
  pipe(R, W);
  $SIG{TERM} = sub { close W; 1 while wait > 0; exit };
  $| = 1;
  my $told;
  for (;;) {
    my $pid = fork;
    if (!defined $pid) { print "full\\n" unless $told++; select undef, undef, undef, 0.002; next }
    if ($pid == 0) { $SIG{TERM} = 'DEFAULT'; close W; sysread R, $_, 1; POSIX::_exit(0) }
  }`;

/** @returns a function that releases them */
const useUpProcesses = async (unshare: number): Promise<() => Promise<void>> => {
  const full = Promise.withResolvers<string>();
  const filler = await startProcess(
    'nsenter',
    ['--no-fork', `--pid=/proc/${unshare}/ns/pid_for_children`, 'perl', '-MPOSIX', '-e', FILLER],
    { output: (line) => (line === 'full' ? full.resolve(line) : full.reject(new Error(line))) },
  );
  await full.promise;
  return async () => {
    await filler.stop();
  };
};

describe('an agent on a node without resources', () => {
  const space = useGovernedNamespace();

  test('an agent without file descriptors keeps the rules, and applies the newest state once it has some', async () => {
    const agent = await space().start();
    await space().untilReady();
    const before = await space().rules();
    const open = (await readdir(`/proc/${agent.pid}/fd`)).length;
    const limit = (soft: number): Promise<string> =>
      space().run('prlimit', `--pid=${agent.pid}`, `--nofile=${soft}:4096`);
    await limit(Math.max(3, open - 4));
    await agent.says(/EMFILE|programming the kernel failed/);
    await space().write('policy.yaml', allowPort(81));
    await agent.says(/EMFILE/);
    expect(await space().rules()).toBe(before);
    await limit(4096);
    await space().untilRules('the newest state', /--dport 81 -j RETURN/);
    await space().untilReady();
  });

  testWithOwnLimit(
    'processes goes on with what is in force, and takes up the newest state when there are some',
    async () => {
      const agent = await space().start({
        prefix: [
          ...['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
          ...['sh', '-c', `echo ${PROCESSES} > /proc/sys/kernel/pid_max && exec "$0" "$@"`],
        ],
      });
      await space().untilReady();
      const before = await space().rules();
      const free = await useUpProcesses(agent.pid);
      try {
        const failures = (): number => agent.log().match(/programming the kernel failed/g)?.length ?? 0;
        // After five seconds the standing programs that could not run are started again.
        await waitFor('many failures', 60_000, () => Promise.resolve(failures() >= 7 || undefined), agent.log);
        await space().write('policy.yaml', allowPort(81));
        await agent.says(/EAGAIN/);
        expect(await space().rules()).toBe(before);
      } finally {
        await free();
      }
      await space().untilRules('the newest state', /--dport 81 -j RETURN/);
      await space().untilReady();
      // unshare(1) ignores SIGTERM.
      agent.signal('SIGKILL');
    },
  );

  test('an agent needs no disk that it can write to', async () => {
    const prefix = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      `while read -r _ folder _; do
         case $folder in /proc* | /sys* | /dev*) ;; *) mount -o remount,bind,ro "$folder" ;; esac
       done < /proc/mounts
       for folder in / /run /tmp /var "$PWD"; do ! touch "$folder/x" 2> /dev/null || exit 1; done
       exec "$0" "$@"`,
    ];
    const agent = await space().start({ prefix });
    await space().untilReady();
    await space().write('policy.yaml', allowPort(81));
    await space().untilRules('the change', /--dport 81 -j RETURN/);
    expect(agent.log()).not.toMatch(/EROFS|Read-only/);
  });
});
