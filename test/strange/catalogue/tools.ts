import { failing } from '../../support/faults/failing-tool.ts';
import type { Condition, Place } from '../condition.ts';
import type { Release } from '../tools/debian-tools.ts';

/** Tools of other versions than those that the agent has, or that the rules of others were made with. */

/** A set and rules of others, as a program with tools of its own makes them. */
const THEIRS = [
  'ipset create firewall-blocklist hash:ip family inet counters comment',
  'ipset add firewall-blocklist 192.0.2.1 comment "made by another version"',
  'ipset create firewall-nets hash:net,iface family inet timeout 600',
  'ipt -N THEIR-FORWARD',
  'ipt -A THEIR-FORWARD -m set --match-set firewall-blocklist src -j DROP',
  'ipt -A THEIR-FORWARD -p tcp -m multiport --dports 6000:6010,7000 -m conntrack --ctstate NEW -j REJECT',
  'ipt -A THEIR-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT',
  'ipt -I FORWARD -m comment --comment theirs -j THEIR-FORWARD',
  'ipt6 -I FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 128 -m limit --limit 5/sec -j ACCEPT',
];

const layBy =
  (release: Release | 'ours') =>
  async (place: Place): Promise<void> => {
    const bin = release === 'ours' ? [] : [`PATH=${place.tools(release).bin}:$PATH`];
    await place.sh(...bin, ...THEIRS);
  };

const agentWith =
  (release: Release) =>
  ({ tools }: Place): { readonly bin: string } => ({ bin: tools(release).bin });

/** The error of ipset(8) about a set whose revision it does not know, whatever its arguments are. */
const UNKNOWN_REVISION =
  'ipset v7.10: Kernel and userspace incompatible: settype hash:ip with revision 6 not supported by userspace.';

export const TOOLS: readonly Condition[] = [
  {
    name: 'tools/agent-with-older-ones',
    what: 'the agent has ipset 7.10 and iptables 1.8.7 (Debian 11), sets and rules of others are made by the machine’s newer ones',
    made: 'release',
    needs: ['bullseye'],
    agent: agentWith('bullseye'),
    lay: layBy('ours'),
    differs: true,
  },
  {
    name: 'tools/agent-with-newer-ones',
    what: 'the agent has ipset 7.22 and iptables 1.8.11 (Debian 13), sets and rules of others are made by the machine’s older ones',
    made: 'release',
    needs: ['trixie'],
    agent: agentWith('trixie'),
    lay: layBy('ours'),
    differs: true,
  },
  {
    name: 'tools/oldest-beside-newest',
    what: 'the agent has tools of Debian 11, sets and rules of others are made by those of Debian 13',
    made: 'release',
    needs: ['bullseye', 'trixie'],
    agent: agentWith('bullseye'),
    lay: layBy('trixie'),
    differs: true,
  },
  {
    name: 'tools/others-with-newer-ones',
    what: 'sets and rules of others are made by tools of Debian 13',
    made: 'release',
    needs: ['trixie'],
    lay: layBy('trixie'),
  },
  {
    name: 'tools/others-with-older-ones',
    what: 'sets and rules of others are made by tools of Debian 11',
    made: 'release',
    needs: ['bullseye'],
    lay: layBy('bullseye'),
  },
  {
    name: 'tools/ipset-that-lists-nothing',
    what: 'a set of others has a revision that ipset does not know: each listing of all sets fails',
    made: 'stand-in',
    backends: ['nft'],
    quick: true,
    lay: ({ sh }) => sh('ipset create firewall-blocklist hash:ip').then(() => undefined),
    agent: () => ({ tools: { ipset: failing(UNKNOWN_REVISION, "*' save '* | *' list '*") } }),
  },
  {
    name: 'tools/save-with-a-remark',
    what: 'iptables-save prints a remark instead of the filter table, with exit code 0',
    made: 'kernel',
    backends: ['nft'],
    lay: ({ sh }) =>
      sh(
        'ipt -A FORWARD -j ACCEPT',
        'nft add rule ip filter FORWARD ct state established,related counter accept',
        'nft add rule ip filter FORWARD numgen random mod 10 lt 2 counter',
        "iptables-nft-save -t filter | grep -q 'is incompatible'",
      ).then(() => undefined),
  },
  {
    name: 'tools/rules-in-both-backends',
    what: 'others have rules in the backend that the agent does not use, and the tools warn of it at each call',
    made: 'kernel',
    lay: ({ sh, backend }) => {
      const other = `iptables-${backend === 'nft' ? 'legacy' : 'nft'} -w`;
      return sh(
        'ipt -A FORWARD -m comment --comment theirs -j ACCEPT',
        `${other} -A INPUT -p tcp --dport 22 -j ACCEPT`,
        `${other} -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE`,
      ).then(() => undefined);
    },
    agent: ({ backend }) => ({ flags: [`--iptables-backend=${backend}`] }),
  },
];
