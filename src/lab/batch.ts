import { CommandError, type CommandRunner } from '../kernel/command.ts';

/** The folder of network namespaces' names (ip-netns(8)). */
const NETNS_FOLDER = '/run/netns';

export const netnsPath = (name: string): string => `${NETNS_FOLDER}/${name}`;

/** Returns the prefix of a command line that runs in the network namespace `name`. */
export const inNetns = (name: string): readonly [file: string, ...args: string[]] => [
  'nsenter',
  `--net=${netnsPath(name)}`,
  '--',
];

/** Checks a namespace name, which becomes a file name and a word of a batch: no blank, no slash, no leading dash. */
export const assertNetnsName = (name: string): void => {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name))
    throw new Error(`lab: ${JSON.stringify(name)} cannot name a network namespace`);
};

export type Sysctls = Readonly<Record<string, string | number>>;

/** Runs iproute2 in as few processes as possible: one `ip -batch` per namespace and change. */
export interface IpBatch {
  /** Runs `lines`, ip(8) commands without the leading `ip`, in order, in `netns` or else the current namespace. */
  run(lines: readonly string[], netns?: string): Promise<void>;
  /** Sets sysctls in `netns` or else the current namespace. `lenient` skips keys that the kernel lacks. */
  sysctl(values: Sysctls, mode: 'strict' | 'lenient', netns?: string): Promise<void>;
}

/** Parses the error of ip(8): its message, then `Command failed -:LINE`. */
const batchError = (error: CommandError, lines: readonly string[], netns: string | undefined): Error => {
  const failed = /Command failed -:(\d+)/.exec(error.stderr);
  if (failed === null) return error;
  const line = lines[Number(failed[1]) - 1] ?? '';
  const where = netns === undefined ? '' : ` in ${netns}`;
  return new Error(`lab: ip ${line}${where}: ${error.stderr.slice(0, failed.index).trim()}`, { cause: error });
};

export const createIpBatch = (runner: CommandRunner): IpBatch => ({
  async run(lines, netns) {
    if (lines.length === 0) return;
    const where = netns === undefined ? [] : ['-n', netns];
    try {
      await runner.run('ip', [...where, '-batch', '-'], { input: `${lines.join('\n')}\n` });
    } catch (error) {
      throw error instanceof CommandError ? batchError(error, lines, netns) : error;
    }
  },
  async sysctl(values, mode, netns) {
    const settings = Object.entries(values).map(([key, value]) => `${key}=${String(value)}`);
    const [file, ...args] = [
      ...(netns === undefined ? [] : inNetns(netns)),
      'sysctl',
      ...(mode === 'lenient' ? ['-e'] : []),
      '-q',
      '-w',
      ...settings,
    ] as const;
    await runner.run(file, args);
  },
});
