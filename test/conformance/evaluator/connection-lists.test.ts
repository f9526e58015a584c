import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Direction } from '../../../src/model/direction.ts';
import { PROTOCOLS } from '../../../src/model/protocol.ts';
import { formatAddress } from '../../../src/policy/cidr.ts';
import { compileNodePolicy } from '../../../src/policy/compile.ts';
import { createEvaluator } from '../../../src/trace/evaluator.ts';
import { outsideRanges } from '../../../src/trace/outside.ts';
import { describeRanges, type PortSet } from '../../../src/trace/port-set.ts';
import { corpusRoot } from '../../support/corpus.ts';
import { recordCorpus } from '../../support/record-corpus.ts';
import { readTopology, type Topology } from './workloads.ts';

const CASES = 35;

/** Formats like np-guard: `All Connections`, or protocols in alphabetical order, `TCP 80,443,UDP 53`; '' for none. */
const connections = (ports: PortSet): string => {
  const spelled = PROTOCOLS.map((protocol) => ({ protocol, ranges: describeRanges(ports[protocol]) }));
  if (spelled.every(({ ranges }) => ranges === '1-65535')) return 'All Connections';
  return spelled
    .filter(({ ranges }) => ranges !== '')
    .map(({ protocol, ranges }) => `${protocol} ${ranges}`)
    .sort()
    .join(',');
};

interface Peer {
  readonly name: string;
  readonly address: string;
}

const connectionList = ({ workloads, snapshot }: Topology): readonly string[] => {
  const policy = compileNodePolicy(snapshot, undefined);
  expect(policy.faults).toEqual([]);
  const { reach } = createEvaluator(policy, snapshot.pods.values());
  const inside: readonly Peer[] = workloads.flatMap(({ name, pod }) => pod.ips.map((address) => ({ name, address })));
  const outside = (direction: Direction): readonly Peer[] =>
    outsideRanges(policy, direction, 'ipv4').map(({ family, from, to }) => {
      const first = formatAddress({ family, base: from });
      return { name: `${first}-${formatAddress({ family, base: to })}[External]`, address: first };
    });
  const pairs = [
    ...inside.flatMap((from) => inside.filter((to) => to !== from).map((to) => ({ from, to }))),
    ...outside('ingress').flatMap((from) => inside.map((to) => ({ from, to }))),
    ...outside('egress').flatMap((to) => inside.map((from) => ({ from, to }))),
  ];
  return pairs
    .map(({ from, to }) => ({
      pair: `${from.name} => ${to.name}`,
      ports: connections(reach(from.address, to.address).ports),
    }))
    .filter(({ ports }) => ports !== '')
    .map(({ pair, ports }) => `${pair} : ${ports}`);
};

const readExpected = (folder: string): readonly string[] =>
  readFileSync(join(folder, 'expected_connlist.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

const root = corpusRoot();

describe('np-guard', () => {
  if (root === undefined) {
    test('np-guard is left out, because the corpus is not on this machine', () => {
      recordCorpus('np-guard', 'evaluator', 'left out');
      expect(root).toBeUndefined();
    });
    return;
  }
  const folder = join(root, 'np-guard');
  const { cases } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    readonly cases: readonly { readonly dir: string }[];
  };
  let passed = 0;

  test('the np-guard corpus has every expected case', () => {
    expect(cases).toHaveLength(CASES);
  });

  test.each(cases)('the connection list of $dir equals the expected one', async ({ dir }) => {
    const found = connectionList(await readTopology(join(folder, dir)));
    expect(found.toSorted()).toEqual(readExpected(join(folder, dir)).toSorted());
    passed += 1;
  });

  afterAll(() => {
    recordCorpus('np-guard', 'evaluator', { passed, of: CASES });
  });
});
