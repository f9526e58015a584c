import type { IpFamily } from '../model/family.ts';
import type { CommandRunner } from './command.ts';

/** nftables' name of the family (nft(8)). */
const NFT_FAMILY: Readonly<Record<IpFamily, string>> = { ipv4: 'ip', ipv6: 'ip6' };

type Listed = Readonly<Record<string, unknown>>;

/** Whether the list of a table holds nothing but the table and its built-in chains, which let everything pass. */
const isEmpty = (text: string): boolean => {
  const { nftables = [] } = JSON.parse(text) as { nftables?: readonly Listed[] };
  return nftables.every((each) => {
    const chain = each['chain'] as { readonly policy?: unknown; readonly hook?: unknown } | undefined;
    if (chain !== undefined) return chain.hook !== undefined && chain.policy === 'accept';
    return 'metainfo' in each || 'table' in each;
  });
};

/** Tables that next to nobody else uses. */
const TABLES = ['security', 'raw'];

/**
 * Deletes the tables that iptables-nft made for our rules and cannot delete, where nothing is left in them: iptables
 * makes such a table again when somebody needs it. Without nft(8) they stay, and do nothing.
 */
export const removeEmptyTables = async (runner: CommandRunner, families: readonly IpFamily[]): Promise<void> => {
  const places = families.flatMap((family) => TABLES.map((table) => [NFT_FAMILY[family], table]));
  for (const table of places) {
    try {
      const listed = await runner.run('nft', ['-j', 'list', 'table', ...table]);
      if (isEmpty(listed)) await runner.run('nft', ['delete', 'table', ...table]);
    } catch {
      // There is no such table, or no nft.
    }
  }
};
