import { expect, test } from '@jest/globals';
import { readRuleEvent } from '../../src/kernel/rule-event.ts';

/** Lines of `xtables-monitor --event`, iptables 1.8.9. */

test.each([
  ' EVENT: -4 -t raw -A PREROUTING -p udp -j ACCEPT',
  ' EVENT: -6 -t raw -D PREROUTING -j ACCEPT',
  ' EVENT: nft: DEL table: table raw ip flags 0 use 0 handle 1',
  ' EVENT: # nft: ip6 raw PREROUTING use 1 type filter hook prerouting prio -300 policy accept packets 0 bytes 0 flags 1',
  ' EVENT: -4 -t security -A FORWARD -j ACCEPT',
  ' EVENT: -6 -t security -D OUTPUT -j ACCEPT',
  ' EVENT: nft: DEL table: table security ip6 flags 0 use 0 handle 1',
  ' EVENT: -4 -t raw -D PORTCULLIS-SPOOFED -j DROP',
])('a rule event concerns us: %s', (line) => {
  expect(readRuleEvent(line)).toEqual({ kind: 'ours' });
});

test.each([
  ' EVENT: -4 -t raw -A OUTPUT -p udp -j CT --notrack',
  ' EVENT: -4 -t nat -A PREROUTING -j KUBE-SERVICES',
  ' EVENT: -4 -t security -A INPUT -j ACCEPT',
  ' EVENT: -4 -t filter -A FORWARD -j ACCEPT',
  ' EVENT: nft: DEL table: table filter ip flags 0 use 0 handle 1',
  ' EVENT: -4 -t raw -N X',
  ' EVENT: nft: DEL table: table nat ip flags 0 use 0 handle 1',
])('a rule event belongs to other programs: %s', (line) => {
  expect(readRuleEvent(line)).toBeUndefined();
});

test('a transaction’s last event names the program that made it', () => {
  expect(readRuleEvent('NEWGEN: GENID=4 PID=21710 NAME=iptables-nft')).toEqual({ kind: 'commit', by: 'iptables-nft' });
});
