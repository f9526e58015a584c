import { expect, test } from '@jest/globals';
import { parseReport, resultTable } from '../../../e2e/conformance/report.ts';

const spec = (text: string, state: string, message?: string): object => ({
  LeafNodeType: 'It',
  ContainerHierarchyTexts: ['Netpol'],
  LeafNodeText: text,
  State: state,
  RunTime: 4_250_000_000,
  ...(message === undefined ? {} : { Failure: { Message: message } }),
});

const REPORT = JSON.stringify([
  {
    SpecReports: [
      {
        LeafNodeType: 'SynchronizedBeforeSuite',
        ContainerHierarchyTexts: null,
        LeafNodeText: '',
        State: 'passed',
        RunTime: 1,
      },
      spec('denies', 'failed', 'Had 1 wrong results\nin the matrix'),
      spec('allows', 'passed'),
      spec('is not ours', 'skipped'),
    ],
  },
]);

test('only specs that ran count, sorted by name', () => {
  expect(parseReport(REPORT)).toEqual([
    { name: 'Netpol allows', passed: true, seconds: 4.25 },
    { name: 'Netpol denies', passed: false, seconds: 4.25, reason: 'failed: Had 1 wrong results' },
  ]);
});

test('the result table ends with the count', () => {
  expect(resultTable(parseReport(REPORT))).toBe(`pass    4.3 s  Netpol allows
FAIL    4.3 s  Netpol denies
               failed: Had 1 wrong results
1 of 2 specs passed`);
});
