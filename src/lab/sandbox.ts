import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { CommandError, type CommandRunner } from '../kernel/command.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { sandboxObstacle } from './sandbox-obstacle.ts';

/** The environment variable with the network namespace that the sandbox was entered from, such as `net:[4026531840]`. */
const MARK = 'PORTCULLIS_SANDBOX';

/** The file with the network namespace that was prepared: a sandbox within a sandbox sees the outer one's file at first. */
const PREPARED = '/run/portcullis-sandbox';

const OWN_USERS = ['--user', '--map-root-user'];

/** All processes die with the first one, and that one with unshare itself. */
const OWN_WORLD = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** No sandbox can be made here; `message` says why and what to do. */
export class SandboxError extends Error {
  constructor(reason: string) {
    super(`cannot make private namespaces: ${reason}`);
    this.name = 'SandboxError';
  }
}

const ownNetwork = (): Promise<string> => readlink('/proc/self/ns/net');

/**
 * Reports whether this process runs in a sandbox: entered by `enterSandbox`, and in another network namespace than its
 * caller. Everything that changes the network must check this first.
 */
export const insideSandbox = async (): Promise<boolean> => {
  const outside = process.env[MARK];
  return outside !== undefined && outside !== (await ownNetwork());
};

/** Returns the flags of unshare(1) that work here: root needs no user namespace of its own. */
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

/** Sends a signal to the process that unshare(1) started, since unshare ignores SIGINT and SIGTERM while it waits. */
const signalInner = async (unshare: RunningProcess, name: NodeJS.Signals): Promise<void> => {
  const pid = String(unshare.pid);
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const inner = Number(children.trim().split(' ')[0]);
  if (inner > 0) process.kill(inner, name);
  else unshare.signal('SIGKILL');
};

export interface SandboxOptions {
  /**
   * Called once the sandbox has begun, with the path under which its files can be reached from outside
   * (proc_pid_root(5)).
   */
  readonly onStart?: (root: string) => void;
  /** Ends the sandbox at once, with every process in it. */
  readonly abort?: AbortSignal;
}

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program as root of a sandbox: user, network, mount and process namespaces of its own. It shares our terminal and
 * gets our SIGINT, SIGTERM and SIGHUP (from a terminal possibly twice). When it or we end, even by SIGKILL, every process in
 * the sandbox dies and all its namespaces go.
 * @returns the program's exit code
 * @throws SandboxError if the machine does not allow it
 */
export const enterSandbox = async (
  runner: CommandRunner,
  file: string,
  args: readonly string[],
  { onStart, abort }: SandboxOptions = {},
): Promise<number> => {
  const flags = await workingFlags(runner);
  // setpriv: unshare dies when we do. --kill-child: the sandbox dies when unshare does.
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
 * Prepares a new sandbox for `ip netns` and iptables: a /run of its own, and loopback up. A second call does nothing.
 * @throws SandboxError outside of a sandbox, before any change
 */
export const prepareSandbox = async (runner: CommandRunner): Promise<void> => {
  if (!(await insideSandbox())) throw new SandboxError('this program must run inside a sandbox and does not');
  const network = await ownNetwork();
  if ((await readFile(PREPARED, 'utf8').catch(() => '')) === network) return;
  await runner.run('mount', ['-t', 'tmpfs', '-o', 'mode=0755', 'tmpfs', '/run']);
  await mkdir('/run/netns');
  await runner.run('ip', ['link', 'set', 'lo', 'up']);
  await writeFile(PREPARED, network);
};
