import type { IpFamily } from '../model/family.ts';
import { spoofedPackets } from '../render/parse-spoofed.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesProgram } from './iptables.ts';

/** Packets that the check of sources has dropped, by family. @throws CommandError */
export const readSpoofedPackets = async (
  runner: CommandRunner,
  backend: Backend,
  families: readonly IpFamily[],
): Promise<ReadonlyMap<IpFamily, number>> =>
  new Map(
    await Promise.all(
      families.map(async (family) => {
        const save = await runner.run(iptablesProgram(family, backend, 'save'), ['-c', '-t', 'raw']);
        return [family, spoofedPackets(save)] as const;
      }),
    ),
  );
