import type { CommandRunner } from './command.ts';

/**
 * Asks the kernel for all tables of nftables (NETLINK_NETFILTER, NFT_MSG_GETTABLE as a dump) and prints the name of each:
 * iptables-save shows its own alone, and nft(8) is not there where only iptables is. Attribute 1 is NFTA_TABLE_NAME; types 2
 * and 3 are an error, which a kernel without nftables answers, and the end.
 */
const LIST = `
  socket(S, 16, 3, 12) or die "netlink socket: $!\\n";
  defined send(S, pack("LSSLL CCS", 20, 0x0a01, 0x301, 1, 0, 0, 0, 0), 0) or die "netlink send: $!\\n";
  while (1) {
    defined recv(S, $answer, 65536, 0) or die "netlink receive: $!\\n";
    while (length $answer >= 16) {
      ($size, $type) = unpack("LS", $answer);
      exit 0 if $type == 2 || $type == 3 || $size < 16;
      for ($at = 20; $at + 4 <= $size; $at += ($length + 3) & ~3) {
        ($length, $kind) = unpack("SS", substr($answer, $at, 4));
        last if $length < 4;
        print unpack("Z*", substr($answer, $at + 4, $length - 4)), "\\n" if ($kind & 0x3fff) == 1;
      }
      $answer = substr($answer, ($size + 3) & ~3);
    }
  }
`;

/** The names of all tables of nftables, of any family. @throws CommandError */
export const listNftTables = async (runner: CommandRunner): Promise<readonly string[]> =>
  (await runner.run('perl', ['-e', LIST])).split('\n').filter((name) => name !== '');
