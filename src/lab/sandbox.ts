import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { CommandError, type CommandRunner } from '../kernel/command.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { sandboxObstacle } from './sandbox-obstacle.ts';

/** Holds the network namespace that the sandbox was entered from, such as `net:[4026531840]`. */
const MARK = 'PORTCULLIS_SANDBOX';

/** Holds the network namespace it was prepared for: a sandbox within a sandbox sees the outer one's at first. */
const PREPARED = '/run/portcullis-sandbox';

const OWN_USERS = ['--user', '--map-root-user'];

/** The rest dies with its first process, and that with unshare itself. */
const OWN_WORLD = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** The sandbox cannot be made here; `message` says why and what to do. */
export class SandboxError extends Error {
  constructor(reason: string) {
    super(`cannot make private namespaces: ${reason}`);
    this.name = 'SandboxError';
  }
}

const ownNetwork = (): Promise<string> => readlink('/proc/self/ns/net');

/**
 * Whether this program runs in a sandbox: entered by `enterSandbox`, and truly in another network namespace than where
 * that was called. Everything that changes the network must ask first.
 */
export const insideSandbox = async (): Promise<boolean> => {
  const outside = process.env[MARK];
  return outside !== undefined && outside !== (await ownNetwork());
};

/** The flags of unshare(1) that work here: root can do without a user namespace of its own. */
const workingFlags = async (runner: CommandRunner): Promise<readonly string[]> => {
  const candidates = [[...OWN_USERS, ...OWN_WORLD], ...(process.getuid?.() === 0 ? [OWN_WORLD] : [])];
  let stderr = '';
  for (const flags of candidates) {
    try {
      await runner.run('unshare', [...flags, 'true']);
      return flags;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      stderr = error.stderr;
    }
  }
  throw new SandboxError(await sandboxObstacle(stderr));
};

/** unshare(1) ignores SIGINT and SIGTERM while it waits, so signals go to what it started. */
const signalInner = async (unshare: RunningProcess, name: NodeJS.Signals): Promise<void> => {
  const pid = String(unshare.pid);
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const inner = Number(children.trim().split(' ')[0]);
  if (inner > 0) process.kill(inner, name);
  else unshare.signal('SIGKILL');
};

export interface SandboxOptions {
  /** Gets, once it has begun, the path of ours (proc_pid_root(5)) under which the sandbox's files can be reached. */
  readonly onStart?: (root: string) => void;
  /** Ends the sandbox at once, with every process in it. */
  readonly abort?: AbortSignal;
}

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program in a sandbox: user, network, mount and process namespaces of its own, where it is root. It shares our
 * terminal and gets our SIGINT, SIGTERM and SIGHUP (from a terminal possibly twice). When it ends, or we do, even by
 * SIGKILL, every process in the sandbox dies and all its namespaces go.
 * @returns the program's exit code.
 * @throws SandboxError where the machine does not allow it.
 */
export const enterSandbox = async (
  runner: CommandRunner,
  file: string,
  args: readonly string[],
  { onStart, abort }: SandboxOptions = {},
): Promise<number> => {
  const flags = await workingFlags(runner);
  // setpriv: unshare dies when we do; --kill-child: the sandbox dies when unshare does.
  const command = ['--pdeathsig', 'KILL', 'unshare', ...flags, '--', file, ...args];
  const inner = await startProcess('setpriv', command, { output: 'inherit', env: { [MARK]: await ownNetwork() } });
  const forward = (name: NodeJS.Signals): void => {
    void signalInner(inner, name);
  };
  for (const name of FORWARDED) process.on(name, forward);
  const end = (): void => inner.signal('SIGKILL');
  abort?.addEventListener('abort', end);
  if (abort?.aborted === true) end();
  onStart?.(`/proc/${String(inner.pid)}/root`);
  const { code } = await inner.ended;
  abort?.removeEventListener('abort', end);
  for (const name of FORWARDED) process.off(name, forward);
  return code;
};

/**
 * Makes a fresh sandbox fit for `ip netns` and iptables: a /run of its own, and loopback up. Does nothing the second time.
 * @throws SandboxError outside a sandbox, having touched nothing.
 */
export const prepareSandbox = async (runner: CommandRunner): Promise<void> => {
  if (!(await insideSandbox())) throw new SandboxError('this program is to be run inside a sandbox and is not');
  const network = await ownNetwork();
  if ((await readFile(PREPARED, 'utf8').catch(() => '')) === network) return;
  await runner.run('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/run']);
  await mkdir('/run/netns');
  await runner.run('ip', ['link', 'set', 'lo', 'up']);
  await writeFile(PREPARED, network);
};
