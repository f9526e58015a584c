import { arch, cpus, release, totalmem } from 'node:os';
import type { CommandRunner } from '../../src/kernel/command.ts';

/** The machine on which figures were measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly iptables: string;
  readonly node: string;
}

export const describeMachine = async (runner: CommandRunner): Promise<Machine> => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGb: Math.round(totalmem() / 2 ** 30),
  kernel: `${release()} ${arch()}`,
  iptables: (await runner.run('iptables-nft', ['--version'])).trim(),
  node: process.version,
});
