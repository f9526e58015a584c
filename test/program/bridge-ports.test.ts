import { expect, test } from '@jest/globals';
import { policyKey } from '../../src/model/policy-object.ts';
import { isolationKey } from '../../src/policy/incremental/groups.ts';
import type { AllowRule, Isolation } from '../../src/policy/node-policy.ts';
import type { LocalPorts } from '../../src/program/bridge-ports.ts';
import { createProgramCompiler } from '../../src/program/incremental/program-compiler.ts';
import { chainRules } from '../../src/render/rule-text.ts';
import { pod } from '../support/small-cluster.ts';

const web = pod('a/web', {}, { ips: ['10.0.0.1', 'fd00::1'] });

const isolation = (direction: Isolation['direction'], rules: readonly AllowRule[]): Isolation => ({
  direction,
  policies: [policyKey('a', 'p')],
  namedPorts: '',
  pods: [web],
  rules,
});

const rule = (peers: AllowRule['peers'], ports: AllowRule['ports']): AllowRule => ({
  policy: policyKey('a', 'p'),
  index: 0,
  peers,
  ports,
});

const PORTS: LocalPorts = {
  portOf: new Map([[web.uid, 'veth1']]),
  addresses: ['10.0.0.1', '10.0.0.2', 'fd00::1'],
  uplinks: [],
};

const compile = (isolations: readonly Isolation[], ports: LocalPorts | undefined) => {
  const compiler = createProgramCompiler({ ports: () => ports });
  compiler.update({
    isolations: new Map(isolations.map((each) => [isolationKey(each), each])),
    members: new Map(),
    addresses: new Set(),
  });
  return compiler.program();
};

const textOf = (program: ReturnType<typeof compile>, family: 'ipv4' | 'ipv6'): readonly string[] =>
  [...program[family].chains.values()]
    .filter(({ name }) => /^PORTCULLIS-(?:FORWARD|PORTS|A[EI]-)/.test(name))
    .flatMap((chain) => chainRules(chain).map((text) => `${chain.name} ${text}`));

const DNS = rule([{ kind: 'any' }], [{ kind: 'range', protocol: 'UDP', from: 5353, to: 5353 }]);
const FRIENDS = rule(
  [{ kind: 'ipBlock', block: { cidr: { family: 'ipv4', base: 0x0a00_0000n, prefix: 24 }, except: [] } }],
  [{ kind: 'any' }],
);

test('packets with an end that is no pod are judged by port, and only rules for every peer allow them', () => {
  const program = compile([isolation('ingress', [DNS, FRIENDS]), isolation('egress', [FRIENDS])], PORTS);
  expect(textOf(program, 'ipv4')).toMatchInlineSnapshot(`
[
  "PORTCULLIS-FORWARD -m conntrack --ctstate ESTABLISHED -j RETURN",
  "PORTCULLIS-FORWARD -m physdev --physdev-is-bridged -m set ! --match-set portcullis-4-ports src -j PORTCULLIS-PORTS",
  "PORTCULLIS-FORWARD -m physdev --physdev-is-bridged -m set ! --match-set portcullis-4-ports dst -j PORTCULLIS-PORTS",
  "PORTCULLIS-FORWARD -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j PORTCULLIS-STRAY",
  "PORTCULLIS-FORWARD ! -p tcp -m set --match-set portcullis-4-held src,src,dst -j DROP",
  "PORTCULLIS-FORWARD -p icmp -g PORTCULLIS-ICMP",
  "PORTCULLIS-FORWARD -j PORTCULLIS-EGRESS",
  "PORTCULLIS-FORWARD -j PORTCULLIS-INGRESS",
  "PORTCULLIS-PORTS -m physdev --physdev-in veth1 --physdev-is-bridged -j PORTCULLIS-AE-g3bkxyd5whawgu",
  "PORTCULLIS-PORTS -m physdev --physdev-out veth1 --physdev-is-bridged -j PORTCULLIS-AI-fywfi7tjqadmy6",
  "PORTCULLIS-AE-g3bkxyd5whawgu -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP",
  "PORTCULLIS-AE-g3bkxyd5whawgu -m comment --comment "egress? the other end is no address of a pod" -j DROP",
  "PORTCULLIS-AI-fywfi7tjqadmy6 -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m conntrack --ctstate NEW -j DROP",
  "PORTCULLIS-AI-fywfi7tjqadmy6 -p udp -m udp --dport 5353 -j RETURN",
  "PORTCULLIS-AI-fywfi7tjqadmy6 -m comment --comment "ingress? the other end is no address of a pod" -j DROP",
]
`);
  expect(textOf(program, 'ipv6').filter((line) => line.startsWith('PORTCULLIS-PORTS'))).toMatchInlineSnapshot(`
[
  "PORTCULLIS-PORTS -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j RETURN",
  "PORTCULLIS-PORTS -p ipv6-icmp -m icmp6 --icmpv6-type 136 -m hl --hl-eq 255 -j RETURN",
  "PORTCULLIS-PORTS -m physdev --physdev-in veth1 --physdev-is-bridged -j PORTCULLIS-AE-g3bkxyd5whawgu",
  "PORTCULLIS-PORTS -m physdev --physdev-out veth1 --physdev-is-bridged -j PORTCULLIS-AI-fywfi7tjqadmy6",
]
`);
  expect([...(program.ipv4.sets.get('portcullis-4-ports' as never)?.members ?? [])]).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('a node without bridges, or without isolated pods on them, has no bridge rules', () => {
  const isolations = [isolation('ingress', [FRIENDS])];
  const plain = compile(isolations, undefined);
  expect(textOf(plain, 'ipv4').join()).not.toContain('physdev');
  expect(textOf(compile(isolations, { ...PORTS, portOf: new Map() }), 'ipv4')).toEqual(textOf(plain, 'ipv4'));
  expect(textOf(compile([], PORTS), 'ipv4').join()).not.toContain('physdev');
});

test('a pod whose policy allows everything in a family is judged by no port in it', () => {
  const everything = rule([{ kind: 'any' }], [{ kind: 'any' }]);
  expect(textOf(compile([isolation('ingress', [everything])], PORTS), 'ipv4').join()).not.toContain('physdev');
});

test('other machines behind an uplink of the bridge are judged by address', () => {
  const program = compile([isolation('ingress', [FRIENDS])], { ...PORTS, uplinks: ['eth1'] });
  expect(textOf(program, 'ipv4')).toEqual(
    expect.arrayContaining([
      'PORTCULLIS-PORTS -m physdev --physdev-in eth1 --physdev-is-bridged -m set --match-set portcullis-4-ports dst -j RETURN',
    ]),
  );
});
