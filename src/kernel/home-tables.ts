import type { IpFamily } from '../model/family.ts';
import type { CommandRunner } from './command.ts';
import type { HomeTable } from './family-tables.ts';
import type { Backend } from './iptables.ts';
import { hasLegacyTable } from './legacy-tables.ts';

export type HomeTables = Readonly<Partial<Record<IpFamily, HomeTable>>>;

/**
 * The table that policy is judged in, by family: security, where next to nobody else has rules, and filter where the kernel has no
 * such table. Only the legacy backend can lack one (iptable_security); nftables makes what it is asked for. Where it cannot be found
 * out it is security: what goes wrong then is told by whoever uses it.
 */
export const findHomes = async (
  runner: CommandRunner,
  backend: Backend,
  families: readonly IpFamily[],
): Promise<HomeTables> =>
  Object.fromEntries(
    await Promise.all(
      families.map(async (family): Promise<[IpFamily, HomeTable]> => {
        if (backend === 'nft') return [family, 'security'];
        const has = await hasLegacyTable(runner, family, 'security').catch(() => true);
        return [family, has ? 'security' : 'filter'];
      }),
    ),
  );
