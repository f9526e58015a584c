import type { CommandRunner } from '../../../src/kernel/command.ts';
import { type Backend, iptablesProgram } from '../../../src/kernel/iptables.ts';
import type { IpFamily } from '../../../src/model/family.ts';

/** A person with a root shell on the node. */
export interface Hand {
  /** Returns the lines of `iptables-save` of the security table, without counters. */
  rules(): Promise<readonly string[]>;
  /** Applies lines of restore text to the security table. */
  restore(lines: readonly string[]): Promise<void>;
  /** Returns the sorted members of a set; undefined if the set does not exist. */
  members(set: string): Promise<readonly string[] | undefined>;
  /** Applies lines of ipset's restore text. */
  changeSets(lines: readonly string[]): Promise<void>;
}

export const handOf = (node: CommandRunner, backend: Backend, family: IpFamily): Hand => ({
  async rules() {
    const text = await node.run(iptablesProgram(family, backend, 'save'), ['-t', 'security']);
    return text.split('\n').map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
  },
  async restore(lines) {
    const input = ['*security', ...lines, 'COMMIT', ''].join('\n');
    await node.run(iptablesProgram(family, backend, 'restore'), ['--noflush', '-w', '5'], { input });
  },
  async members(set) {
    const text = await node.run('ipset', ['save', set]).catch(() => undefined);
    return text
      ?.split('\n')
      .flatMap((line) => (line.startsWith('add ') ? (line.split(' ')[2] ?? []) : []))
      .toSorted();
  },
  async changeSets(lines) {
    await node.run('ipset', ['restore'], { input: lines.map((line) => `${line}\n`).join('') });
  },
});
