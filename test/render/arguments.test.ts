import { describe, expect, test } from '@jest/globals';
import { FORWARD_CHAIN, governedSet, isolationChain, STRAY_CHAIN } from '../../src/program/names.ts';
import type { Match, Verdict } from '../../src/program/node-program.ts';
import { ruleArguments } from '../../src/render/rule-text.ts';

const CHAIN = isolationChain('ingress', ['x/y'], '');

const text = (matches: readonly Match[], verdict: Verdict = { kind: 'return' }): string =>
  ruleArguments({ matches, verdict }).join(' ');

/** Each kind at least once, as iptables-save of 1.8.9 prints it with both backends. */
const MATCHES: readonly (readonly [Match, string])[] = [
  [{ kind: 'source', cidr: '10.0.0.0/8' }, '-s 10.0.0.0/8'],
  [{ kind: 'source', cidr: '10.0.0.1/32', negated: true }, '! -s 10.0.0.1/32'],
  [{ kind: 'destination', cidr: 'fd00::/64' }, '-d fd00::/64'],
  [{ kind: 'destination', cidr: 'fd00::1/128', negated: true }, '! -d fd00::1/128'],
  [{ kind: 'protocol', protocol: 'SCTP' }, '-p sctp'],
  [{ kind: 'protocol', protocol: 'TCP', negated: true }, '! -p tcp'],
  [{ kind: 'ports', protocol: 'TCP', ranges: [{ from: 80, to: 80 }] }, '-p tcp -m tcp --dport 80'],
  [{ kind: 'ports', protocol: 'UDP', ranges: [{ from: 1, to: 9 }] }, '-p udp -m udp --dport 1:9'],
  [
    {
      kind: 'ports',
      protocol: 'SCTP',
      ranges: [
        { from: 5, to: 5 },
        { from: 7, to: 9 },
      ],
    },
    '-p sctp -m multiport --dports 5,7:9',
  ],
  [{ kind: 'set', set: governedSet('ipv4'), fields: 'src' }, '-m set --match-set portcullis-4-governed src'],
  [
    { kind: 'set', set: governedSet('ipv6'), fields: 'dst,dst', negated: true },
    '-m set ! --match-set portcullis-6-governed dst,dst',
  ],
  [{ kind: 'established' }, '-m conntrack --ctstate ESTABLISHED'],
  [{ kind: 'related' }, '-m conntrack --ctstate RELATED'],
  [{ kind: 'noEndOfConnection', address: '10.0.0.1' }, '-m conntrack ! --ctorigsrc 10.0.0.1 ! --ctreplsrc 10.0.0.1'],
  [{ kind: 'endOfConnection', end: 'client', address: 'fd00::1' }, '-m conntrack --ctorigsrc fd00::1'],
  [{ kind: 'endOfConnection', end: 'server', address: 'fd00::1' }, '-m conntrack --ctreplsrc fd00::1'],
  [
    { kind: 'translatedToItself', address: '10.0.0.1' },
    '-m conntrack --ctorigsrc 10.0.0.1 ! --ctorigdst 10.0.0.1 --ctreplsrc 10.0.0.1',
  ],
  [
    { kind: 'strayTcp', isUnclear: true },
    '-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate INVALID,NEW',
  ],
  [{ kind: 'openingTcp' }, '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN'],
  [{ kind: 'tcpInquiry' }, '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN,ACK'],
  [{ kind: 'tcpReset' }, '-p tcp -m tcp --tcp-flags RST RST'],
  [{ kind: 'clientPorts' }, '-p tcp -m tcp --sport 32768:65535 --dport 1:32767'],
  [{ kind: 'icmp', family: 'ipv4', type: 3, code: 13 }, '-p icmp -m icmp --icmp-type 3/13'],
  [{ kind: 'icmp', family: 'ipv6', type: 1, code: 1 }, '-p ipv6-icmp -m icmp6 --icmpv6-type 1/1'],
  [{ kind: 'ofSocket' }, '-m owner --socket-exists'],
  [
    { kind: 'rate', name: 'n', perSecond: 20, burst: 50 },
    '-m hashlimit --hashlimit-upto 20/sec --hashlimit-burst 50 --hashlimit-name n',
  ],
  [
    { kind: 'rate', name: 'n', perSecond: 20, burst: 50, bySource: true },
    '-m hashlimit --hashlimit-upto 20/sec --hashlimit-burst 50 --hashlimit-mode srcip --hashlimit-name n',
  ],
  [
    { kind: 'rate', name: 'n', perSecond: 1, burst: 1, byEdge: true },
    '-m hashlimit --hashlimit-upto 1/sec --hashlimit-burst 1 --hashlimit-mode srcip,dstip,dstport --hashlimit-name n --hashlimit-htable-size 16384 --hashlimit-htable-max 65536',
  ],
  [{ kind: 'strayTcp' }, '-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW'],
  [{ kind: 'icmp', family: 'ipv6' }, '-p ipv6-icmp'],
  [{ kind: 'icmp', family: 'ipv6', type: 135 }, '-p ipv6-icmp -m icmp6 --icmpv6-type 135'],
  [{ kind: 'icmp', family: 'ipv4', type: 3 }, '-p icmp -m icmp --icmp-type 3'],
  [{ kind: 'hopLimit', equals: 255 }, '-m hl --hl-eq 255'],
  [{ kind: 'localSource' }, '-m addrtype --src-type LOCAL'],
  [{ kind: 'localDestination' }, '-m addrtype --dst-type LOCAL'],
  [{ kind: 'tunnelProtocol', protocol: 'ipencap' }, '-p ipencap'],
  [{ kind: 'inInterface', name: 'veth+' }, '-i veth+'],
  [{ kind: 'outInterface', name: 'veth1' }, '-o veth1'],
  [{ kind: 'comment', text: 'some words' }, '-m comment --comment some words'],
  [{ kind: 'limit', perSecond: 10, burst: 20 }, '-m limit --limit 10/sec --limit-burst 20'],
];

describe('arguments of a rule', () => {
  test.each(MATCHES)('arguments of a match: %j', (match, expected) => {
    expect(text([match])).toBe(`${expected} -j RETURN`);
  });

  test.each<[Verdict, string]>([
    [{ kind: 'return' }, '-j RETURN'],
    [{ kind: 'drop' }, '-j DROP'],
    [{ kind: 'jump', chain: STRAY_CHAIN }, '-j PORTCULLIS-STRAY'],
    [{ kind: 'goto', chain: FORWARD_CHAIN }, '-g PORTCULLIS-FORWARD'],
    [{ kind: 'log', group: 7, prefix: CHAIN }, `-j NFLOG --nflog-prefix ${CHAIN} --nflog-group 7`],
  ])('arguments of an action: %j', (verdict, expected) => {
    expect(text([], verdict)).toBe(expected);
  });

  test('arguments are in the order of iptables-save: addresses, protocol, then the rest as given', () => {
    const matches: readonly Match[] = [
      { kind: 'comment', text: 'c' },
      { kind: 'set', set: governedSet('ipv4'), fields: 'dst' },
      { kind: 'ports', protocol: 'TCP', ranges: [{ from: 1, to: 1 }] },
      { kind: 'destination', cidr: '10.0.0.2/32' },
      { kind: 'source', cidr: '10.0.0.1/32' },
    ];
    expect(text(matches)).toBe(
      '-s 10.0.0.1/32 -d 10.0.0.2/32 -p tcp -m tcp --dport 1 -m comment --comment c ' +
        '-m set --match-set portcullis-4-governed dst -j RETURN',
    );
  });
});
