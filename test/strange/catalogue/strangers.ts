import path from 'node:path';
import { withoutExtension } from '../../support/lab/without-extension.ts';
import type { Condition, Place } from '../condition.ts';

/** Rules and sets of others that the agent's tools cannot print. */

const STATISTIC = '-m statistic --mode random --probability 0.01 -j RETURN';

const shell =
  (...lines: readonly string[]) =>
  async ({ sh }: Place): Promise<void> => {
    await sh(...lines);
  };

/** The agent's iptables lacks an extension that others use. */
const lackingAgent =
  (file: string): NonNullable<Condition['agent']> =>
  async ({ node }) => {
    const lacking = await withoutExtension(file, node.folder);
    return { prefix: lacking.prefix };
  };

const lacks = (name: string, what: string, file: string, ...lines: readonly string[]): Condition => ({
  name: `strangers/${name}`,
  what: `the agent’s iptables lacks an extension that others use: ${what}`,
  made: 'kernel',
  lay: shell(...lines),
  agent: lackingAgent(file),
});

const native = (name: string, what: string, ...lines: readonly string[]): Condition => ({
  name: `strangers/${name}`,
  what,
  made: 'kernel',
  backends: ['nft'],
  lay: shell(...lines),
});

/** A standing program owns a table for as long as it runs. */
const own = async ({ node, keep }: Place, table: string, ...commands: readonly string[]): Promise<void> => {
  const pipe = path.join(node.folder, 'commands');
  // It keeps its own input open, and so is one process that is easily ended.
  const script = 'mkfifo "$0"; exec 3<>"$0"; printf "%s\\n" "$@" >&3; exec nft -i <&3';
  keep(await node.startBeside('sh', '-c', script, pipe, `add table ${table} { flags owner; }`, ...commands));
  await node.until('the table', async () => (await node.run('nft', ['list', 'tables'])).includes(table));
};

export const STRANGERS: readonly Condition[] = [
  {
    ...lacks('match-in-forward', 'a match in FORWARD of filter', 'libxt_statistic.so', `ipt -A FORWARD ${STATISTIC}`),
    quick: true,
  },
  lacks('match-in-input', 'a match in INPUT of filter', 'libxt_statistic.so', `ipt -A INPUT ${STATISTIC}`),
  lacks(
    'match-before-our-jump',
    'a match at the head of FORWARD of security, both families',
    'libxt_statistic.so',
    `ipt -t security -I FORWARD ${STATISTIC}`,
    `ipt6 -t security -I FORWARD ${STATISTIC}`,
  ),
  lacks(
    'match-in-raw',
    'a match in PREROUTING of raw',
    'libxt_u32.so',
    'ipt -t raw -I PREROUTING -m u32 --u32 "6&0xFF=0xFD" -j DROP',
  ),
  lacks(
    'match-in-nat',
    'a match of bytecode in nat',
    'libxt_bpf.so',
    'ipt -t nat -A PREROUTING -m bpf --bytecode "1,6 0 0 0" -j RETURN',
  ),
  lacks(
    'target-in-mangle',
    'a target in mangle',
    'libxt_CLASSIFY.so',
    'ipt -t mangle -A POSTROUTING -j CLASSIFY --set-class 1:1',
  ),
  native(
    'native-in-filter',
    'a native rule of nftables in ip filter',
    'ipt -A FORWARD -m comment --comment theirs -j RETURN',
    'nft add rule ip filter FORWARD numgen random mod 10 lt 2 counter',
  ),
  {
    ...native(
      'native-before-our-jump',
      'a native rule at the head of FORWARD in ip security',
      'ipt -t security -A FORWARD -m comment --comment theirs -j RETURN',
      'nft insert rule ip security FORWARD numgen random mod 10 lt 2 counter',
    ),
    quick: true,
  },
  native(
    'map-in-security',
    'a map of verdicts, a set and a rule with both in ip6 security',
    'ipt6 -t security -A INPUT -m comment --comment theirs -j RETURN',
    "nft 'add map ip6 security verdicts { type ipv6_addr : verdict; elements = { 2001:db8::1 : drop }; }'",
    "nft 'add set ip6 security some { type inet_service; flags interval; elements = { 6000-6010 }; }'",
    "nft 'add rule ip6 security INPUT tcp dport @some ip6 saddr vmap @verdicts'",
  ),
  native(
    'hook-in-security',
    'a base chain in ip security that iptables does not know',
    'nft add table ip security',
    "nft 'add chain ip security theirs { type filter hook forward priority 7; policy accept; }'",
    'nft add rule ip security theirs meta mark 7 counter',
  ),
  native(
    'native-in-raw',
    'a native rule in ip raw, and a chain of netdev at the ingress of a device',
    'ipt -t raw -A PREROUTING -m comment --comment theirs -j RETURN',
    'nft insert rule ip raw PREROUTING numgen random mod 10 lt 2 counter',
    'nft add table netdev theirs',
    "nft 'add chain netdev theirs in { type filter hook ingress device eth0 priority 0; }'",
    'nft add rule netdev theirs in ip saddr 192.0.2.1 drop',
  ),
  {
    ...native(
      'dynamic-sets',
      'sets that packets fill, a meter, a counter and a quota of nftables',
      'nft add table inet limits',
      "nft 'add set inet limits seen { type ipv4_addr; flags dynamic,timeout; timeout 1m; }'",
      "nft 'add chain inet limits forward { type filter hook forward priority -5; }'",
      'nft add counter inet limits all',
      "nft 'add quota inet limits much { over 1000 gbytes }'",
      "nft 'add rule inet limits forward update @seen { ip saddr } counter name all'",
      "nft 'add rule inet limits forward quota name much drop'",
      "nft 'add rule inet limits forward ct state new meter calls { ip saddr limit rate over 1000/second } drop'",
    ),
    restless: true,
  },
  {
    name: 'strangers/tables-with-an-owner',
    what: 'tables of nftables that belong to a program which still runs (flags owner), as newer firewalld has them',
    made: 'kernel',
    backends: ['nft'],
    lay: (place) =>
      own(
        place,
        'inet owned',
        'add chain inet owned forward { type filter hook forward priority -3; }',
        'add rule inet owned forward meta mark 77 drop',
      ),
  },
  {
    name: 'strangers/security-table-with-an-owner',
    what: 'another program owns the table ip security (flags owner), so that nobody else may write to it',
    made: 'kernel',
    backends: ['nft'],
    agent: async (place) => {
      await own(place, 'ip security');
      return {};
    },
    holds: { kind: 'part', part: 'ipv4', good: ['ipv6'], code: 503 },
    differs: true,
  },
  {
    name: 'strangers/comment-with-control-characters',
    what: 'a comment that no restore text can carry, in the table that policy is judged in',
    made: 'kernel',
    lay: shell(`ipt -t security -I FORWARD -m comment --comment "$(printf 'a\\001b')" -j RETURN`),
  },
  {
    name: 'strangers/sets-of-all-types',
    what: 'sets of others of all types, with timeouts, counters, comments and marks, and names that are nearly ours',
    made: 'kernel',
    quick: true,
    restless: true,
    lay: shell(
      'ipset create theirs-ip hash:ip timeout 600 counters comment skbinfo',
      'ipset add theirs-ip 192.0.2.1 comment "a \\"word\\" and a \\\\" 2>/dev/null || ipset add theirs-ip 192.0.2.1 comment word',
      'ipset create theirs-net6 hash:net family inet6 comment',
      'ipset create theirs-iface hash:net,iface',
      'ipset add theirs-iface 192.0.2.0/24,eth0',
      'ipset create theirs-ports bitmap:port range 1-100 counters',
      'ipset create theirs-map bitmap:ip range 192.0.2.0/24',
      'ipset create theirs-three hash:ip,port,ip',
      'ipset create theirs-list list:set',
      'ipset add theirs-list theirs-ip',
      'ipset create portculli hash:ip',
      'ipset create PORTCULLIS-4 hash:ip',
      'ipset create portcullis hash:net',
    ),
  },
];
