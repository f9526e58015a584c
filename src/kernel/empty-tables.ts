import type { IpFamily } from '../model/family.ts';
import type { CommandRunner } from './command.ts';

/** nftables' name of the family (nft(8)). */
const NFT_FAMILY: Readonly<Record<IpFamily, string>> = { ipv4: 'ip', ipv6: 'ip6' };

type Listed = Readonly<Record<string, unknown>>;

/** Reports whether a listed table has nothing but built-in chains that accept everything. */
const isEmpty = (text: string): boolean => {
  const { nftables = [] } = JSON.parse(text) as { nftables?: readonly Listed[] };
  return nftables.every((each) => {
    const chain = each['chain'] as { readonly policy?: unknown; readonly hook?: unknown } | undefined;
    if (chain !== undefined) return chain.hook !== undefined && chain.policy === 'accept';
    return 'metainfo' in each || 'table' in each;
  });
};

/** Tables that hardly any other program uses. */
const TABLES = ['security', 'raw'];

/**
 * Deletes tables that iptables-nft created for our rules and cannot delete, if they are empty: iptables creates such a
 * table again when it is needed. Without nft(8) they stay, and have no effect.
 */
export const removeEmptyTables = async (runner: CommandRunner, families: readonly IpFamily[]): Promise<void> => {
  const places = families.flatMap((family) => TABLES.map((table) => [NFT_FAMILY[family], table]));
  for (const table of places) {
    try {
      const listed = await runner.run('nft', ['-j', 'list', 'table', ...table]);
      if (isEmpty(listed)) await runner.run('nft', ['delete', 'table', ...table]);
    } catch {
      // The table, or nft, is missing.
    }
  }
};
