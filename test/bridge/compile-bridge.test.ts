import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { type BridgeFacts, compileBridge } from '../../src/bridge/compile-bridge.ts';
import { type BridgeProgram, type BridgeSet, DROP_REASONS } from '../../src/bridge/bridge-program.ts';
import { changeText, tableText, tightest } from '../../src/bridge/table-text.ts';
import type { Isolation } from '../../src/policy/node-policy.ts';
import { FACTS, isolation, owner, port, rule } from './small-bridge.ts';

const compile = (facts: Partial<BridgeFacts>, isolations: readonly Isolation[]): BridgeProgram => {
  const program = compileBridge({ ...FACTS, ...facts }, isolations, undefined);
  if (program === undefined) throw new Error('no bridge');
  return program;
};

const held = ({ sets }: BridgeProgram, name: BridgeSet): readonly string[] => [...sets[name]].sort();

const CAGED = [isolation('ingress', 'web'), isolation('egress', 'web')];

test('the table of a small cluster equals the text in small.nft', () => {
  const expected = readFileSync(path.join(import.meta.dirname, 'small.nft'), 'utf8');
  expect(tableText(compile({}, CAGED))).toBe(expected);
});

test('drops are reported to the agent, one of each sender, receiver and kind a second, and to another program', () => {
  const program = compileBridge(FACTS, CAGED, { recordGroup: 20_549, logGroup: 7 });
  if (program === undefined) throw new Error('no bridge');
  const text = tableText(program);
  for (const reason of DROP_REASONS) {
    expect(text).toContain(
      [
        `  chain drop-${reason} {`,
        `    update @edges { ether saddr . ether daddr . ether type limit rate 1/second burst 1 packets } limit name "records" log prefix "PORTCULLIS-BRIDGE-${reason}" group 20549`,
        `    limit rate 10/second burst 20 packets log prefix "PORTCULLIS-BRIDGE-${reason}" group 7`,
        `    counter name "n-${reason}" drop`,
        '  }',
      ].join('\n'),
    );
  }
  expect(text).toContain('  set edges {\n');
  expect(tableText(compile({}, CAGED))).not.toContain('edges');
  const before = compile({}, CAGED);
  expect(changeText(before, program)).toBe(text);
});

test('a node without pods on bridges has no bridge table', () => {
  expect(compileBridge({ ...FACTS, node: { ...FACTS.node, bridges: [] } }, CAGED, undefined)).toBeUndefined();
});

test('a pod whose policies allow everything is not isolated on the bridge; a pod isolated in one family is', () => {
  const everything = rule([{ kind: 'any' }]);
  const ofIpv4 = rule([{ kind: 'ipBlock', block: { cidr: { family: 'ipv4', base: 0n, prefix: 0 }, except: [] } }]);
  expect(held(compile({}, [isolation('ingress', 'web', [everything])]), 'isolated')).toEqual([]);
  expect(held(compile({}, [isolation('ingress', 'web', [ofIpv4])]), 'isolated')).toEqual(['"veth-web"']);
});

test('an isolated pod without an IPv6 address may use neither a link-local address nor IPv6', () => {
  const program = compile({ owners: [owner('web', 2, { ips: ['10.1.0.2'] })] }, CAGED);
  expect(held(program, 'own6')).toEqual([]);
  expect(held(program, 'v6')).toEqual([]);
  expect(held(compile({ judged: { ipv4: true, ipv6: false } }, CAGED), 'v6')).toEqual([]);
  expect(held(compile({}, CAGED), 'own6')).toContain('"veth-web" . fe80::ff:fe00:2');
});

test('only a pod whose policies allow no unknown destination may not ask for unknown addresses', () => {
  const dns = rule([{ kind: 'any' }], [{ kind: 'range', protocol: 'UDP', from: 53, to: 53 }]);
  expect(held(compile({}, CAGED), 'caged4')).toEqual(['"veth-web"']);
  expect(held(compile({}, [isolation('ingress', 'web')]), 'caged4')).toEqual([]);
  expect(held(compile({}, [isolation('egress', 'web', [dns])]), 'caged4')).toEqual([]);
  const [bridge] = FACTS.node.bridges;
  if (bridge === undefined) throw new Error('no bridge');
  const bridges = [{ ...bridge, ports: [...bridge.ports, port('eth1', 9, 'uplink')] }];
  const withUplink = compile({ node: { ...FACTS.node, bridges } }, CAGED);
  expect(held(withUplink, 'caged4')).toEqual([]);
  expect(held(withUplink, 'uplinks')).toEqual(['"eth1"']);
});

test('only a pod whose policies allow no unknown source receives packets for its own addresses only', () => {
  const ofIpv4 = rule(
    [{ kind: 'ipBlock', block: { cidr: { family: 'ipv4', base: 0n, prefix: 0 }, except: [] } }],
    [{ kind: 'range', protocol: 'UDP', from: 53, to: 53 }],
  );
  expect(held(compile({}, CAGED), 'shut4')).toEqual(['"veth-web"']);
  expect(held(compile({}, [isolation('egress', 'web')]), 'shut4')).toEqual([]);
  const open = compile({}, [isolation('ingress', 'web', [ofIpv4])]);
  expect(held(open, 'shut4')).toEqual([]);
  expect(held(open, 'shut6')).toEqual(['"veth-web"']);
});

test('packets beyond the link are handled separately if the blocks of the link are known', () => {
  const beyond = /iifname @caged4 oifname != @routers ip daddr != \{[^}]*10\.1\.0\.0\/24[^}]*\} goto drop-flood/;
  expect(tableText(compile({}, CAGED))).toMatch(beyond);
  const [bridge] = FACTS.node.bridges;
  if (bridge === undefined) throw new Error('no bridge');
  const unknown = compile({ node: { ...FACTS.node, bridges: [{ ...bridge, subnets: [] }] } }, CAGED);
  expect(tableText(unknown)).not.toContain('@caged4 oifname');
});

test('no pod may claim a single address in a rule if it is on the link and belongs to no known pod', () => {
  const named = (...bases: readonly bigint[]): Isolation =>
    isolation(
      'ingress',
      'web',
      bases.map((base) =>
        rule([{ kind: 'ipBlock', block: { cidr: { family: 'ipv4', base, prefix: 32 }, except: [] } }]),
      ),
    );
  expect(held(compile({}, [named(0x0a01_0063n, 0x0a01_0003n, 0xc000_0201n)]), 'named4')).toEqual(['10.1.0.99']);
});

test('a pod may forward if its namespace says so, but not while it is isolated', () => {
  const routers = new Set(['shop/web', 'shop/client']);
  expect(held(compile({ routers }, CAGED), 'routers')).toEqual(['"veth-client"']);
});

test('free addresses are treated like others if the bridge has no known subnet', () => {
  const [bridge] = FACTS.node.bridges;
  if (bridge === undefined) throw new Error('no bridge');
  const program = compile(
    { node: { ...FACTS.node, bridges: [{ ...bridge, subnets: ['10.1.0.0/24', '10.1.0.0/16'] }] } },
    [],
  );
  expect(program.rules.subnets).toEqual({ ipv4: ['10.1.0.0/16'], ipv6: [] });
});

test('an interface whose name nft could not read is no port of ours', () => {
  const owners = [owner('web', 2, { port: 'x"; drop' })];
  expect(held(compile({ owners }, CAGED), 'known')).toEqual([]);
});

test('a change of elements is written as such in one transaction, and a change of rules as the whole table', () => {
  const before = compile({}, CAGED);
  const after = compile({ owners: [owner('web', 2), owner('client', 3, { mac: '02:00:00:00:00:0a' })] }, []);
  expect(changeText(before, before)).toBe('');
  const text = changeText(before, after);
  expect(text).not.toContain('chain');
  expect(text).toContain('delete element bridge portcullis isolated { "veth-web" }\n');
  expect(text).toContain('add element bridge portcullis ownmac { "veth-client" . 02:00:00:00:00:0a }\n');
  const unseen = compile({ judged: { ipv4: false, ipv6: true } }, CAGED);
  expect(changeText(before, unseen)).toBe(tableText(unseen));
});

test('between two states the restrictions of both are in force, except for those of a port that is gone', () => {
  const before = compile({}, CAGED);
  const open = compile({}, []);
  expect(held(tightest(before, open), 'isolated')).toEqual(['"veth-web"']);
  expect(held(tightest(before, open), 'caged4')).toEqual(['"veth-web"']);
  expect(held(tightest(before, open), 'shut6')).toEqual(['"veth-web"']);
  expect(held(tightest(open, before), 'isolated')).toEqual(['"veth-web"']);
  expect(held(tightest(before, compile({ owners: [] }, [])), 'isolated')).toEqual([]);
});
