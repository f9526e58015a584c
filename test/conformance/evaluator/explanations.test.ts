import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { PROTOCOLS } from '../../../src/model/protocol.ts';
import { createExplainer, type Explainer } from '../../../src/explain/explainer.ts';
import type { SideExplanation } from '../../../src/explain/explain-side.ts';
import {
  type CaseCell,
  type CaseStep,
  cellsOf,
  addressesOf,
  CASES_IN,
  CORPORA,
  corpusRoot,
  loadCases,
} from '../../support/corpus.ts';
import { naiveJudge } from './judges.ts';
import { recordCorpus } from '../../support/record-corpus.ts';
import { snapshotOf } from './case-snapshot.ts';
import { readTopology } from './workloads.ts';

/** A side says what its rules say: each that fails names a part, and one that denies has a rule or a policy without any. */
const isSound = ({ state, policies, nearest }: SideExplanation): boolean => {
  const rules = policies.flatMap((each) => each.rules);
  if (!rules.every(({ matches, fails }) => matches === (fails.length === 0))) return false;
  if (state === 'allowed') return rules.some(({ matches }) => matches);
  if (state !== 'denied') return policies.length === 0;
  return rules.every(({ matches }) => !matches) && (nearest === undefined) === (rules.length === 0);
};

interface Asked extends CaseCell {
  readonly question: Parameters<Explainer['explain']>[0];
}

const questionsOf = (step: CaseStep): readonly Asked[] => {
  const addresses = addressesOf(step.state);
  return cellsOf(step).map((cell) => {
    const [source = '', destination = ''] = [addresses.get(cell.from), addresses.get(cell.to)];
    return { ...cell, question: { source, destination, protocol: cell.protocol, port: cell.port } };
  });
};

/** np-guard's spelling of ports: `All Connections`, or `TCP 80,443-445,UDP 53`. */
const allows = (list: string | undefined, protocol: string, port: number): boolean => {
  if (list === undefined || list === 'All Connections') return list !== undefined;
  const [, ranges = ''] = new RegExp(`${protocol} ([\\d,-]+)`).exec(list) ?? [];
  return ranges.split(',').some((range) => {
    const [from = '', to = from] = range.split('-');
    return range !== '' && port >= Number(from) && port <= Number(to);
  });
};

/** Ports at which a list could begin or end to allow, and two that hardly any names. */
const edges = (lists: Iterable<string>): readonly number[] => {
  const named = [...lists].flatMap((list) => [...list.matchAll(/\d+/g)].map(([number]) => Number(number)));
  const all = [1, 9, 54_321, ...named.flatMap((port) => [port - 1, port, port + 1])];
  return [...new Set(all)].filter((port) => port >= 1 && port <= 65_535);
};

const root = corpusRoot();

describe('np-guard', () => {
  if (root === undefined) {
    test('is left out: the corpus is not on this machine', () => {
      recordCorpus('np-guard', 'explain', 'left out');
      expect(root).toBeUndefined();
    });
    return;
  }
  test('explain says of every pair of workloads and every port that matters what the list says', async () => {
    const folder = join(root, 'np-guard');
    const { cases } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
      readonly cases: readonly { readonly dir: string }[];
    };
    let cells = 0;
    for (const { dir } of cases) {
      const { workloads, snapshot } = await readTopology(join(folder, dir));
      const lines = readFileSync(join(folder, dir, 'expected_connlist.txt'), 'utf8')
        .split('\n')
        .filter(Boolean);
      const expected = new Map(lines.map((line) => line.split(' : ', 2) as [string, string]));
      const explainer = createExplainer(snapshot);
      const ports = edges(expected.values());
      for (const from of workloads) {
        for (const to of workloads) {
          if (from === to) continue;
          const list = expected.get(`${from.name} => ${to.name}`);
          const [source = '', destination = ''] = [from.pod.ips[0], to.pod.ips[0]];
          for (const protocol of PROTOCOLS) {
            for (const port of ports) {
              const { verdict, egress, ingress } = explainer.explain({ source, destination, protocol, port });
              cells += 1;
              if ((verdict === 'allowed') === allows(list, protocol, port) && isSound(egress) && isSound(ingress))
                continue;
              throw new Error(
                `${dir}: ${from.name} => ${to.name} ${protocol} ${port}: ${verdict}, expected ${list ?? 'none'}`,
              );
            }
          }
        }
      }
    }
    recordCorpus('np-guard', 'explain', { passed: cases.length, of: 35 });
    process.stderr.write(`explain: ${cells} cells of np-guard\n`);
    expect(cases).toHaveLength(35);
  });
});

describe.each(CORPORA)('%s', (corpus) => {
  if (root === undefined) {
    test('is left out: the corpus is not on this machine', () => {
      recordCorpus(corpus, 'explain', 'left out');
      expect(root).toBeUndefined();
    });
    return;
  }
  let passed = 0;
  let cells = 0;

  test('explain says of every cell what the table says, and every rule that fails names its part', () => {
    for (const { id, steps } of loadCases(root, corpus)) {
      for (const step of steps) {
        const explainer = createExplainer(snapshotOf(step.state));
        const judge = naiveJudge(step.state);
        for (const { from, to, question, allowed } of questionsOf(step)) {
          const { verdict, egress, ingress } = explainer.explain(question);
          const packet = {
            from: question.source,
            to: question.destination,
            protocol: question.protocol,
            port: question.port,
          };
          const found = {
            verdict,
            egress: egress.state === 'denied',
            ingress: ingress.state === 'denied',
            sound: isSound(egress) && isSound(ingress),
          };
          const expected = {
            verdict: allowed ? 'allowed' : 'denied',
            egress: !judge.egress(packet),
            ingress: !judge.ingress(packet),
            sound: true,
          };
          cells += 1;
          if (JSON.stringify(found) !== JSON.stringify(expected)) {
            expect({ id, from, to, ...found }).toEqual({ id, from, to, ...expected });
          }
        }
      }
      passed += 1;
    }
    expect(passed).toBe(CASES_IN[corpus]);
    expect(cells).toBeGreaterThan(CASES_IN[corpus] * 10);
  });

  test('explain finds a change for the last refusal of every step', () => {
    for (const { id, steps } of loadCases(root, corpus)) {
      for (const step of steps) {
        const refused = questionsOf(step).findLast(({ allowed }) => !allowed);
        if (refused === undefined) continue;
        const [first] = createExplainer(snapshotOf(step.state)).suggest(refused.question);
        expect([id, first?.opens.length ?? 0]).toEqual([id, expect.any(Number)]);
        expect([id, first !== undefined]).toEqual([id, true]);
      }
    }
  });

  afterAll(() => {
    recordCorpus(corpus, 'explain', { passed, of: CASES_IN[corpus] });
    process.stderr.write(`explain: ${cells} cells of ${corpus}\n`);
  });
});
