import { beforeEach, describe, expect, test } from '@jest/globals';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { NodeNetwork } from '../../src/model/node-network.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import { createProgramCompiler } from '../../src/program/incremental/program-compiler.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import type { Observed } from '../../src/render/observed.ts';
import { parseRawTable } from '../../src/render/parse-iptables.ts';
import { droppedPackets } from '../../src/render/parse-counters.ts';
import { isEmptyPlan, planChanges, planDelta } from '../../src/render/plan.ts';
import { findTampering } from '../../src/render/tampering.ts';
import { projectProgram } from '../support/project-program.ts';

const NO_POLICY = { isolations: [], faults: [] };
const NO_CHANGE = { isolations: new Map(), members: new Map(), addresses: new Set<string>() };

const programOf = (interfaces: readonly string[], group?: number): NodeProgram =>
  compileProgram(NO_POLICY, { sources: () => interfaces, log: group === undefined ? undefined : { group } });

const ON = programOf(['veth+']);
const OFF = programOf([]);

const held = (program: NodeProgram): Observed => projectProgram(program, IP_FAMILIES);

const DROP =
  '-A PORTCULLIS-SPOOFED -m comment --comment "the source is not routed to where the packet came from" -j DROP';

const IPV4 = [
  '*raw',
  ':PORTCULLIS-SOURCES - [0:0]',
  ':PORTCULLIS-SPOOFED - [0:0]',
  '-A PORTCULLIS-SOURCES -i veth+ -m rpfilter --invert -g PORTCULLIS-SPOOFED',
  DROP,
  '-I PREROUTING 1 -j PORTCULLIS-SOURCES',
  'COMMIT',
  '',
].join('\n');

const REMOVAL = [
  '*raw',
  ':PORTCULLIS-SOURCES - [0:0]',
  ':PORTCULLIS-SPOOFED - [0:0]',
  '-D PREROUTING -j PORTCULLIS-SOURCES',
  '-X PORTCULLIS-SOURCES',
  '-X PORTCULLIS-SPOOFED',
  'COMMIT',
  '',
].join('\n');

const withRaw = (table: readonly string[]): Observed => ({
  ...held(ON),
  raw: { ...held(ON).raw, ipv4: parseRawTable(['*raw', ...table, 'COMMIT', ''].join('\n')) },
});

const TABLE: readonly string[] = [
  ':PREROUTING ACCEPT [7:420]',
  ':PORTCULLIS-SOURCES - [0:0]',
  ':PORTCULLIS-SPOOFED - [0:0]',
  '-A PREROUTING -j PORTCULLIS-SOURCES',
  '-A PREROUTING -p udp -j CT --notrack',
  '-A PORTCULLIS-SOURCES -i veth+ -m rpfilter --invert -g PORTCULLIS-SPOOFED',
  DROP,
];

describe('the raw table', () => {
  test('the raw table has a rule for each interface, and those for IPv6 spare link-local sources', () => {
    const { raw, tables } = planChanges(held(OFF), ON);
    expect(tables).toEqual({});
    expect(raw).toEqual({
      ipv4: IPV4,
      ipv6: IPV4.replace(
        '-A PORTCULLIS-SOURCES',
        '-A PORTCULLIS-SOURCES -s fe80::/10 -i veth+ -j RETURN\n-A PORTCULLIS-SOURCES',
      ),
    });
    expect(
      planChanges(held(OFF), programOf(['cni0', 'veth+']))
        .raw?.ipv4?.split('\n')
        .slice(3, 5),
    ).toEqual([
      '-A PORTCULLIS-SOURCES -i cni0 -m rpfilter --invert -g PORTCULLIS-SPOOFED',
      '-A PORTCULLIS-SOURCES -i veth+ -m rpfilter --invert -g PORTCULLIS-SPOOFED',
    ]);
  });

  test('the raw table reports drops if so configured', () => {
    expect(planChanges(held(OFF), programOf(['veth+'], 7)).raw?.ipv4).toContain(
      '-A PORTCULLIS-SPOOFED -m limit --limit 10/sec --limit-burst 20 -j NFLOG --nflog-prefix PORTCULLIS-SPOOFED --nflog-group 7\n',
    );
  });

  test('the raw table is left alone if source validation is off, and emptied if it was on before', () => {
    expect(planChanges(held(OFF), OFF).raw).toBeUndefined();
    expect(planChanges(held(ON), OFF).raw?.ipv4).toBe(REMOVAL);
    expect(planChanges(held(ON), EMPTY_PROGRAM).raw).toEqual({ ipv4: REMOVAL, ipv6: REMOVAL });
  });

  test('the raw table is compared like the others, whatever is behind our jump', () => {
    expect(isEmptyPlan(planChanges(held(ON), ON))).toBe(true);
    expect(isEmptyPlan(planChanges(withRaw(TABLE), ON))).toBe(true);
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    [
      'flushed',
      [],
      ['jump_missing PREROUTING', 'chain_missing PORTCULLIS-SOURCES', 'chain_missing PORTCULLIS-SPOOFED'],
    ],
    ['with a rule before the jump', ['-A PREROUTING -j ACCEPT', ...TABLE], ['jump_displaced PREROUTING']],
    ['with an empty chain', TABLE.filter((line) => line !== DROP), ['chain_changed PORTCULLIS-SPOOFED']],
    ['with a chain of our prefix', [...TABLE, ':PORTCULLIS-X - [0:0]'], ['chain_added PORTCULLIS-X']],
  ])('drift of the raw table is found and repaired: %s', (_what, table, found) => {
    const observed = withRaw(table);
    expect(findTampering(observed, ON).map(({ kind, name }) => `${kind} ${name}`)).toEqual(found);
    expect(Object.keys(planChanges(observed, ON).raw ?? {})).toEqual(['ipv4']);
  });
});

test('changes of the raw table at run time lead to the same state as a comparison', () => {
  let interfaces: readonly string[] = [];
  const compiler = createProgramCompiler({ sources: () => interfaces });
  compiler.update(NO_CHANGE);
  for (const next of [['veth+'], ['knet+', 'veth+'], ['veth+'], []]) {
    const before = projectProgram(compiler.program(), IP_FAMILIES);
    interfaces = next;
    const delta = compiler.update(NO_CHANGE);
    expect(planDelta(delta, IP_FAMILIES)).toEqual(planChanges(before, compiler.program()));
    expect(isEmptyPlan(planDelta(compiler.update(NO_CHANGE), IP_FAMILIES))).toBe(true);
  }
  expect(compiler.program().ipv4.raw).toBeUndefined();
});

const NETWORK: NodeNetwork = {
  addresses: ['172.18.0.11', 'fd00:172:18::11'],
  nodes: ['172.18.0.11', '172.18.0.12', 'fd00:172:18::11'],
  bridges: ['cni0'],
  tunnelPorts: [4789, 8472],
  tunnelProtocols: ['ipencap'],
  closedPorts: { ipv4: [8472], ipv6: [] },
};

describe('raw table of a node whose network is known', () => {
  let network: NodeNetwork | undefined;
  let pods: ReadonlySet<string>;
  const compilerOf = (interfaces: readonly string[] = []) =>
    createProgramCompiler({
      sources: () => interfaces,
      guard: { network: () => network, isOfPod: (address) => pods.has(address) },
    });

  beforeEach(() => {
    network = NETWORK;
    pods = new Set();
  });

  const rulesOf = (interfaces: readonly string[], family: 'ipv4' | 'ipv6' = 'ipv4'): readonly string[] => {
    const compiler = compilerOf(interfaces);
    compiler.update(NO_CHANGE);
    return (planChanges(held(OFF), compiler.program()).raw?.[family] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('-A '))
      .map((line) => line.replaceAll('PORTCULLIS-', '').slice(3));
  };

  test('addresses of the node and its pods and the ends of tunnels are validated, with few rules for each packet', () => {
    expect(rulesOf(['veth+'])).toEqual([
      'SOURCES -p udp -m multiport --dports 4789,8472 -j TUNNELS',
      'SOURCES -p ipencap -j TUNNELS',
      'SOURCES -i veth+ -m rpfilter --invert -g SPOOFED',
      'SOURCES -i veth+ -j RETURN',
      'SOURCES -i cni0 -m addrtype --src-type LOCAL -g SPOOFED',
      'SOURCES -i cni0 -j RETURN',
      'SOURCES -m set --match-set portcullis-4-local src -m rpfilter --invert -g SPOOFED',
      'SPOOFED -m comment --comment "the source is not routed to where the packet came from" -j DROP',
      'TUNNELS -i veth+ -m set --match-set portcullis-4-nodes dst -g INJECTED',
      'TUNNELS -i veth+ -m addrtype --dst-type LOCAL -g INJECTED',
      'TUNNELS -i cni0 -m set --match-set portcullis-4-nodes dst -g INJECTED',
      'TUNNELS -i cni0 -m addrtype --dst-type LOCAL -g INJECTED',
      'TUNNELS -m set --match-set portcullis-4-nodes src -j RETURN',
      'TUNNELS -m set --match-set portcullis-4-local src -m set --match-set portcullis-4-nodes dst -g INJECTED',
      'TUNNELS -m set --match-set portcullis-4-local src -m addrtype --dst-type LOCAL -g INJECTED',
      'TUNNELS -p udp -m udp --dport 8472 -m addrtype --dst-type LOCAL -g INJECTED',
      'INJECTED -m comment --comment "only nodes speak to the ends of tunnels" -j DROP',
    ]);
    expect(rulesOf([], 'ipv6').filter((rule) => rule.includes('--dport 8472'))).toEqual([]);
  });

  test('a packet of an uplink meets two rules without patterns, bridges and tunnels', () => {
    network = { ...NETWORK, bridges: [], tunnelPorts: [], tunnelProtocols: [] };
    expect(rulesOf([])).toEqual([
      'SOURCES -m set --match-set portcullis-4-local src -m rpfilter --invert -g SPOOFED',
      'SPOOFED -m comment --comment "the source is not routed to where the packet came from" -j DROP',
    ]);
  });

  test('changes at run time lead to the same state as a comparison, and pods change only members', () => {
    const compiler = compilerOf();
    network = undefined;
    pods = new Set(['10.244.1.4']);
    compiler.update({ ...NO_CHANGE, addresses: pods });
    const step = (addresses: readonly string[] = []) => {
      const before = projectProgram(compiler.program(), IP_FAMILIES);
      const delta = planDelta(compiler.update({ ...NO_CHANGE, addresses: new Set(addresses) }), IP_FAMILIES);
      // The members of the rule set are live, and so the same before and after.
      const { tables, raw, destroy } = planChanges(before, compiler.program());
      expect({ tables: delta.tables, raw: delta.raw, destroy: delta.destroy }).toEqual({ tables, raw, destroy });
      return delta;
    };
    expect(isEmptyPlan(step())).toBe(true);
    network = NETWORK;
    expect(step().prepare).toContain('add portcullis-4-local 10.244.1.4\n');
    pods = new Set(['10.244.1.5', 'fd00:10:244:1::5']);
    const came = step(['10.244.1.4', ...pods]);
    expect(came).toMatchObject({ tables: {}, destroy: [] });
    expect(came.raw).toBeUndefined();
    expect(came.prepare.split('\n').toSorted()).toEqual([
      '',
      'add portcullis-4-local 10.244.1.5',
      'add portcullis-6-local fd00:10:244:1::5',
      'del portcullis-4-local 10.244.1.4',
    ]);
    network = { ...NETWORK, nodes: [...NETWORK.nodes, '172.18.0.13'] };
    expect(step().prepare).toBe('add portcullis-4-nodes 172.18.0.13\n');
    network = { ...NETWORK, tunnelPorts: [] };
    expect(Object.keys(step().raw ?? {})).toEqual(['ipv4', 'ipv6']);
    network = undefined;
    expect(step().destroy).toHaveLength(4);
    expect(compiler.program().ipv4.raw).toBeUndefined();
  });
});

test('the rule counts dropped packets', () => {
  const why = '-m comment --comment "not routed"';
  const listed = ['-N PORTCULLIS-SPOOFED', `-A PORTCULLIS-SPOOFED -m limit ${why} -c 9 540 -j NFLOG`, ''];
  expect(droppedPackets([...listed, `-A PORTCULLIS-SPOOFED ${why} -c 12 720 -j DROP`].join('\n'))).toBe(12);
  expect(droppedPackets(listed.join('\n'))).toBe(0);
});
