import type { IpFamily } from '../model/family.ts';
import { INJECTED_CHAIN, SPOOFED_CHAIN } from '../program/names.ts';
import { droppedPackets } from '../render/parse-counters.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesCommand } from './iptables.ts';

/**
 * Returns the packets that source validation has dropped, by family; nothing for a family that cannot be read. Does not
 * read other programs' rules in the table.
 * @param hasTunnels whether packets for tunnels are validated as well
 */
export const readSpoofedPackets = async (
  runner: CommandRunner,
  backend: Backend,
  { families, hasTunnels }: { readonly families: readonly IpFamily[]; readonly hasTunnels: boolean },
): Promise<ReadonlyMap<IpFamily, number>> => {
  const chains = hasTunnels ? [SPOOFED_CHAIN, INJECTED_CHAIN] : [SPOOFED_CHAIN];
  const count = async (family: IpFamily, chain: string): Promise<number> =>
    droppedPackets(await runner.run(iptablesCommand(family, backend), ['-t', 'raw', '-v', '-S', chain]));
  const counted = await Promise.all(
    families.map(async (family) => {
      const counts = await Promise.all(chains.map((chain) => count(family, chain))).catch(() => undefined);
      return counts === undefined ? [] : [[family, counts.reduce((sum, each) => sum + each, 0)] as const];
    }),
  );
  return new Map(counted.flat());
};
