import { failing, lacking, NO_EXTENSION, NO_IPTABLES, NO_TABLE } from '../../support/faults/failing-tool.ts';
import type { AgentStart } from '../../support/lab/policed-node.ts';
import type { Condition, Holds, Place } from '../condition.ts';

/** Modules and programs that are missing. The kernel at hand has them all: the tools say what they say where it has not. */

type Tools = NonNullable<AgentStart['tools']>;

const OPEN_IPV6: Holds = { kind: 'part', part: 'ipv6', good: ['ipv4'], code: 503 };
const ends = (told: RegExp): Holds => ({ kind: 'ends', told });

const missing = (name: string, what: string, tools: Tools, holds: Holds, more: Partial<Condition> = {}): Condition => ({
  name: `lacking/${name}`,
  what,
  made: 'stand-in',
  backends: ['nft'],
  agent: () => ({ tools }),
  holds,
  differs: true,
  ...more,
});

const bothFamilies = (script: string): Tools => ({ 'iptables-nft-restore': script, 'ip6tables-nft-restore': script });

const HIDE = `mkdir -p "$0/real" "$0/sbin"
mount --bind /usr/sbin "$0/real"
pattern=$1
shift
for file in "$0"/real/*; do
  case \${file##*/} in $pattern) ;; *) ln -sf "$file" "$0/sbin/" ;; esac
done
mount --bind "$0/sbin" /usr/sbin
exec "$@"`;

/** The agent has all programs but those of the pattern, as where their package is not installed: they are not in its /usr/sbin. */
const without =
  (pattern: string) =>
  ({ node }: Place): AgentStart => ({ prefix: ['unshare', '--mount', 'sh', '-ec', HIDE, node.folder, pattern] });

export const LACKING: readonly Condition[] = [
  {
    name: 'lacking/ip6tables-programs',
    what: 'there is no ip6tables: its programs are not installed',
    made: 'kernel',
    backends: ['nft'],
    quick: true,
    agent: without('ip6tables*'),
    holds: OPEN_IPV6,
    differs: true,
  },
  {
    name: 'lacking/conntrack-program',
    what: 'there is no conntrack(8): what is denied is found and cut without it',
    made: 'kernel',
    backends: ['nft'],
    agent: without('conntrack'),
  },
  {
    name: 'lacking/nft-program',
    what: 'there is no nft(8), and no pod is on a bridge',
    made: 'kernel',
    agent: without('nft'),
  },
  missing(
    'ip6-tables',
    'the kernel has no table of IPv6',
    { 'ip6tables-nft-save': failing(NO_TABLE, '*'), 'ip6tables-nft-restore': failing(NO_TABLE, '*') },
    OPEN_IPV6,
  ),
  missing(
    'ip-set-of-ipv6',
    'the kernel has no sets of IPv6 addresses',
    { ipset: failing('Kernel error received: set type not supported', "*' restore '*", 'family inet6') },
    OPEN_IPV6,
  ),
  missing(
    'raw-of-ipv6',
    'IPv6 has no raw table, and sources are checked',
    { 'ip6tables-nft-restore': failing(NO_TABLE, '*', '*raw') },
    { kind: 'part', part: 'ipv6 sources', good: ['ipv4', 'ipv6'], code: 503 },
    {
      agent: () => ({
        tools: { 'ip6tables-nft-restore': failing(NO_TABLE, '*', '*raw') },
        flags: ['--anti-spoofing=veth+'],
      }),
    },
  ),
  missing(
    'security-table',
    'the kernel has no security table, as some have none for iptables-legacy',
    {
      'iptables-legacy-save': failing(NO_TABLE, "*' security '*"),
      'ip6tables-legacy-save': failing(NO_TABLE, "*' security '*"),
    },
    { kind: 'all' },
    { backends: ['legacy'] },
  ),
  missing(
    'ip-set',
    'the kernel has no sets (ip_set)',
    { ipset: '#!/bin/sh\necho "ipset v7.17: Cannot open session to kernel." >&2\nexit 1\n' },
    ends(/missing="?ip_set/),
  ),
  missing(
    'xt-set',
    'the kernel has no match for sets (xt_set)',
    bothFamilies(lacking(NO_EXTENSION, '--match-set')),
    ends(/missing="?xt_set/),
  ),
  missing(
    'nft-compat',
    'the kernel has no extensions of iptables (nft_compat), as RHEL 10',
    bothFamilies(lacking(NO_EXTENSION, '--match-set', '--ctstate')),
    ends(/missing="?nft_compat/),
  ),
  missing('iptables', 'no iptables can be used', NO_IPTABLES, ends(/no backend of iptables can be used/)),
];
