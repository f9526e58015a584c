import { NO_TABLE } from '../../support/faults/failing-tool.ts';
import { failing } from '../../support/faults/failing-tool.ts';
import type { Condition, Place } from '../condition.ts';

/** Connection tracking and settings of the kernel (sysctl) that are not what they are elsewhere. */

const sysctls =
  (...settings: readonly string[]) =>
  async ({ node }: Place): Promise<void> => {
    await node.run('sysctl', ['-q', '-w', ...settings]);
  };

const FILL_MS = 120_000;

/** As many entries as the kernel keeps at once (nf_conntrack_max), none of them ever to be dropped early. */
const fill = async ({ node }: Place): Promise<void> => {
  const most = Number(await node.run('sysctl', ['-n', 'net.netfilter.nf_conntrack_max']));
  if (most > 300_000) throw new Error(`nf_conntrack_max is ${most}: that many are not made`);
  const lines = Array.from(
    { length: most + 64 },
    (_, at) =>
      `-A -s 198.18.${(at >> 16) & 255}.1 -d 198.19.0.1 -p tcp --sport ${at & 0xffff || 1} --dport ${1 + ((at >> 16) & 255)} ` +
      '--state ESTABLISHED --timeout 600 -u ASSURED,SEEN_REPLY',
  );
  // It opens its input by name, which a socket does not allow.
  const told = await node
    .run('sh', ['-c', 'cat | conntrack -R -'], { input: `${lines.join('\n')}\n`, timeoutMs: FILL_MS })
    .then(
      () => 'all were taken',
      // The last of them find no room.
      (error: unknown) => String(error),
    );
  const now = Number(await node.run('sysctl', ['-n', 'net.netfilter.nf_conntrack_count']));
  if (now < most) throw new Error(`the table of connections has ${now} entries of ${most}: ${told}`);
};

const setting = (
  name: string,
  what: string,
  lay: (place: Place) => Promise<void>,
  more: Partial<Condition> = {},
): Condition => ({
  name: `tracking/${name}`,
  what,
  made: 'kernel',
  lay,
  backends: ['nft'],
  ...more,
});

export const TRACKING: readonly Condition[] = [
  setting('full', 'the table of connections is full of entries that are not dropped early', fill, {
    holds: { kind: 'closed' },
  }),
  setting(
    'flushed-again-and-again',
    'another program empties the table of connections every three seconds',
    async ({ node, keep }) => {
      keep(await node.startBeside('sh', '-c', 'while sleep 3; do conntrack -F; done'));
    },
    { quick: true },
  ),
  setting(
    'times-out-at-once',
    'established connections are forgotten after a second, and none is picked up in the middle',
    sysctls(
      'net.netfilter.nf_conntrack_tcp_timeout_established=1',
      'net.netfilter.nf_conntrack_udp_timeout=1',
      'net.netfilter.nf_conntrack_tcp_loose=0',
    ),
  ),
  setting(
    'liberal',
    'connection tracking lets segments out of the window pass',
    sysctls('net.netfilter.nf_conntrack_tcp_be_liberal=1'),
  ),
  setting(
    'no-events',
    'connection tracking tells no events, keeps no times and no counters',
    sysctls(
      'net.netfilter.nf_conntrack_events=0',
      'net.netfilter.nf_conntrack_acct=0',
      'net.netfilter.nf_conntrack_timestamp=0',
    ),
    { quick: true },
  ),
  setting(
    'events-and-counters',
    'connection tracking tells all events, keeps times and counters',
    sysctls(
      'net.netfilter.nf_conntrack_events=1',
      'net.netfilter.nf_conntrack_acct=1',
      'net.netfilter.nf_conntrack_timestamp=1',
    ),
  ),
  setting(
    'nothing-is-tracked',
    'another program takes all packets out of connection tracking (NOTRACK)',
    async ({ sh }) => {
      await sh('ipt -t raw -I PREROUTING -j CT --notrack', 'ipt6 -t raw -I PREROUTING -j CT --notrack');
    },
    { holds: { kind: 'closed' }, backends: ['nft', 'legacy'] },
  ),
  setting(
    'zones',
    'another program puts what pods send into a zone of its own',
    async ({ sh }) => {
      await sh('ipt -t raw -I PREROUTING -i veth+ -j CT --zone 7', 'ipt6 -t raw -I PREROUTING -i veth+ -j CT --zone 7');
    },
    // What lives while its zone changes is a connection that nothing knows.
    { backends: ['nft', 'legacy'], agent: () => ({}) },
  ),
  setting(
    'strict-sources',
    'the kernel checks sources strictly (rp_filter), and logs martians',
    sysctls('net.ipv4.conf.all.rp_filter=1', 'net.ipv4.conf.default.rp_filter=1', 'net.ipv4.conf.all.log_martians=1'),
  ),
  setting(
    'routes-localnet',
    'the kernel routes 127.0.0.0/8, takes its own addresses from outside and answers ARP for all',
    sysctls(
      'net.ipv4.conf.all.route_localnet=1',
      'net.ipv4.conf.all.accept_local=1',
      'net.ipv4.conf.all.proxy_arp=1',
      'net.ipv4.conf.all.arp_filter=1',
    ),
  ),
  setting(
    'no-ipv6',
    'IPv6 is off by sysctl on all interfaces, and ip6tables has no table',
    sysctls('net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'),
    {
      made: 'stand-in',
      agent: () => ({
        tools: Object.fromEntries(
          ['nft-save', 'nft-restore', 'legacy-save', 'legacy-restore'].map((each) => [
            `ip6tables-${each}`,
            failing(NO_TABLE, '*'),
          ]),
        ),
      }),
      holds: { kind: 'part', part: 'ipv6', good: ['ipv4'], code: 503 },
      differs: true,
    },
  ),
];
