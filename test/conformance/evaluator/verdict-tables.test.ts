import { afterAll, describe, expect, test } from '@jest/globals';
import {
  type CaseRows,
  type CaseStep,
  type CaseTable,
  addressesOf,
  CASES_IN,
  CORPORA,
  corpusRoot,
  loadCases,
} from '../../support/corpus.ts';
import { recordCorpus } from '../../support/record-corpus.ts';
import { type Judge, naiveJudge, productJudge } from './judges.ts';

const JUDGES = { evaluator: productJudge, naive: naiveJudge } as const;

const TABLES = ['combined', 'ingress', 'egress'] as const;

/**
 * Returns the expected rows with every `.` and `X` replaced by the judge's verdict; the other marks mean "do not
 * compare".
 */
const judgeRows = (step: CaseStep, table: CaseTable, kind: (typeof TABLES)[number], judge: Judge): CaseRows => {
  const addresses = addressesOf(step.state);
  const addressOf = (key: string): string => {
    const address = addresses.get(key);
    if (address === undefined) throw new Error(`no endpoint ${key}`);
    return address;
  };
  const { protocol, port } = table;
  const judgeRow = (from: string, row: string): string =>
    step.expected.order
      .map((to, column) => {
        const mark = row[column] ?? '?';
        if (mark !== '.' && mark !== 'X') return mark;
        return judge[kind]({ from: addressOf(from), to: addressOf(to), protocol, port }) ? '.' : 'X';
      })
      .join('');
  return Object.fromEntries(Object.entries(table[kind]).map(([from, row]) => [from, judgeRow(from, row)]));
};

const root = corpusRoot();

describe.each(CORPORA)('%s', (corpus) => {
  if (root === undefined) {
    test('verdict tables are left out, because the corpus is not on this machine', () => {
      recordCorpus(corpus, 'evaluator', 'left out');
      expect(root).toBeUndefined();
    });
    return;
  }
  const cases = loadCases(root, corpus);
  const agreed = { evaluator: new Set<string>(), naive: new Set<string>() };

  test('the corpus of verdict tables has every expected case', () => {
    expect(cases).toHaveLength(CASES_IN[corpus]);
  });

  test.each(cases.map((each) => [`${each.id} ${each.name}`, each] as const))(
    'the verdict table is right: %s',
    (_, { id, steps }) => {
      for (const reading of ['evaluator', 'naive'] as const) {
        for (const step of steps) {
          const judge = JUDGES[reading](step.state);
          for (const table of step.expected.tables) {
            for (const kind of TABLES) {
              expect({ reading, kind, ...judgeRows(step, table, kind, judge) }).toEqual({
                reading,
                kind,
                ...table[kind],
              });
            }
          }
        }
        agreed[reading].add(id);
      }
    },
  );

  afterAll(() => {
    recordCorpus(corpus, 'evaluator', { passed: agreed.evaluator.size, of: CASES_IN[corpus] });
    recordCorpus(corpus, 'naive evaluator', { passed: agreed.naive.size, of: CASES_IN[corpus] });
  });
});
