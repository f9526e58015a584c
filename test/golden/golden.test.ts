import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { isEmptyPlan, type Plan, planChanges } from '../../src/render/plan.ts';
import { nothingObserved } from '../../src/render/nothing-observed.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { createFakeHost, type FakeHost } from '../support/fake-kernel/host.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { endsOf, walkCluster } from './cluster-walk.ts';
import { goldenNames, loadGolden, programOf, SHOWN_NODE } from './golden-case.ts';
import type { PacketRow } from './packet-table.ts';

/** `UPDATE_GOLDEN=1 npm test test/golden` writes the current text; review the difference in git. */
const UPDATE = process.env['UPDATE_GOLDEN'] === '1';

/** The text of each file of expectations. */
const textsOf = ({ prepare, tables }: Plan): Readonly<Record<string, string>> => ({
  'ipset.txt': prepare,
  'iptables.txt': tables.ipv4 ?? '',
  'ip6tables.txt': tables.ipv6 ?? '',
});

const planFromNothing = (snapshot: ClusterSnapshot): Plan =>
  planChanges(nothingObserved(IP_FAMILIES), programOf(snapshot));

/** Returns a fake node with its rule set for each node that has pods. */
const programNodes = async (snapshot: ClusterSnapshot): Promise<ReadonlyMap<string, FakeHost>> => {
  const hosts = new Map<string, FakeHost>();
  for (const node of new Set([...snapshot.pods.values()].map((pod) => pod.node))) {
    const host = createFakeHost();
    const kernel = createFakeKernel(host);
    const program = programOf(snapshot, node);
    await kernel.apply(planChanges(await kernel.observe(), program));
    expect(isEmptyPlan(planChanges(await kernel.observe(), program))).toBe(true);
    hosts.set(node, host);
  }
  return hosts;
};

/** The cases with policies that cannot be compiled, and these policies. */
const FAULTY: Readonly<Record<string, readonly string[]>> = {
  'faulty-policy': ['shop/faulty'],
  'unreadable-selector': ['shop/no-such-operator'],
};

/** A fixed order that differs from every natural one. */
const shuffled = <K, V>(map: ReadonlyMap<K, V>, step: number): ReadonlyMap<K, V> => {
  const entries = [...map];
  return new Map(
    entries
      .map((entry, at) => [(at * 7919 + step * 104_729) % 1009, entry] as const)
      .sort(([a], [b]) => a - b)
      .map(([, entry]) => entry),
  );
};

/** The packets that the evaluator of src/trace can judge: those that open a connection, through FORWARD. */
const isEvaluable = ({ trait, protocol }: PacketRow): boolean => trait === undefined && protocol !== 'ipv6-icmp';

const EVALUATED = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP', icmp: 'other', 'ipv6-icmp': 'other' } as const;

describe.each(goldenNames)('%s', (name) => {
  test('the manifests of the case are valid', async () => {
    const { problems, snapshot } = await loadGolden(name);
    expect(problems).toEqual([]);
    expect(compileNodePolicy(snapshot, SHOWN_NODE).faults.map(({ policy }) => policy)).toEqual(FAULTY[name] ?? []);
  });

  test('the restore text equals the golden file', async () => {
    const { snapshot, folder } = await loadGolden(name);
    const plan = planFromNothing(snapshot);
    expect(plan.finish).toBe('');
    expect(plan.destroy).toEqual([]);
    for (const [file, text] of Object.entries(textsOf(plan))) {
      const expected = path.join(folder, file);
      if (UPDATE) writeFileSync(expected, text);
      expect(text).toBe(readFileSync(expected, 'utf8'));
    }
  });

  test('the order of objects does not change the restore text', async () => {
    const { snapshot } = await loadGolden(name);
    const plan = planFromNothing(snapshot);
    for (const step of [1, 2, 3]) {
      const other: ClusterSnapshot = {
        pods: shuffled(snapshot.pods, step),
        namespaces: shuffled(snapshot.namespaces, step),
        policies: shuffled(snapshot.policies, step),
      };
      expect(textsOf(planFromNothing(other))).toEqual(textsOf(plan));
    }
  });

  test('the rendered rules decide packets as the golden table says', async () => {
    const { snapshot, packets } = await loadGolden(name);
    const hosts = await programNodes(snapshot);
    const found = packets.map((row) => `${row.text} | ${walkCluster(hosts, snapshot, row)}`);
    expect(found).toEqual(packets.map((row) => `${row.text} | ${row.verdict}`));
  });

  test('the evaluator decides packets as the golden table says', async () => {
    const { snapshot, packets } = await loadGolden(name);
    const evaluator = createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values());
    const rows = packets.filter(isEvaluable);
    const found = rows.map((row) => {
      const { from, to } = endsOf(snapshot, row);
      const { verdict } = evaluator.trace({
        source: from.address,
        destination: to.address,
        protocol: EVALUATED[row.protocol],
        port: row.number ?? 0,
      });
      return `${row.text} | ${verdict}`;
    });
    expect(found).toEqual(rows.map((row) => `${row.text} | ${row.verdict}`));
  });
});
