import type { IpFamily } from '../model/family.ts';
import type { CommandRunner } from './command.ts';
import type { HomeTable } from './family-tables.ts';
import type { Backend } from './iptables.ts';
import { hasLegacyTable } from './legacy-tables.ts';

export type HomeTables = Readonly<Partial<Record<IpFamily, HomeTable>>>;

/**
 * Finds the table in which policy is judged, by family: security, where hardly any other program has rules, or filter
 * if the kernel has no security table. Only the legacy backend can lack it (iptable_security); nftables creates any
 * table. If it cannot be detected, it is security: its user then reports the failure.
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
