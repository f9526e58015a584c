import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cellsOf } from '../../../src/cli/matrix/cells.ts';
import { foldTable, type FoldedEnd } from '../../../src/cli/matrix/fold.ts';
import { questionOf } from '../../../src/cli/matrix/question.ts';
import { cellText, NOT_ASKED } from '../../../src/cli/matrix/table.ts';
import { OUTSIDE } from '../../../src/cli/resolve/resolve.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import { createRows, pairCount } from '../../../src/reach/workloads.ts';
import { askedPods, reachOf } from '../../reach/pairwise.ts';
import { cluster, pod, policy } from '../../support/small-cluster.ts';
import { arbitraryWorld, toSnapshot } from '../../trace/arbitrary-world.ts';

const namesOf = ({ rows }: FoldedEnd): readonly string[] =>
  rows.length === 0 ? [OUTSIDE] : rows.map((row) => row.name);

/** Two pods of a world are a workload where their names end alike, so that rows with several pods occur. */
const workloadOf = ({ name }: PodEndpoint) => ({ kind: 'Deployment', name: `w${name.length % 2}${name.at(-1) ?? ''}` });

const EVERY_PAIR = Number.POSITIVE_INFINITY;

test('a folded table says of each pair of rows what the whole table says', () => {
  let [cells, folded] = [0, 0];
  fc.assert(
    fc.property(arbitraryWorld, fc.constantFrom(undefined, 'red', 'blue'), (world, namespace) => {
      const snapshot = toSnapshot(world);
      const reach = reachOf(snapshot);
      const pods = askedPods(snapshot);
      const question = questionOf({ namespace, from: undefined, to: undefined }, pods, (some) =>
        createRows(reach, pods, some, workloadOf),
      );
      const whole = new Map([...cellsOf(reach, question)].map((cell) => [`${cell.from} > ${cell.to}`, cellText(cell)]));
      const table = foldTable(reach, question, EVERY_PAIR);
      if (table === undefined) throw new Error('nothing is too much here');
      const said = new Map<string, string>();
      table.rows.forEach((row, at) => {
        table.columns.forEach((column, number) => {
          const text = table.textAt(at, number);
          for (const from of row.rows.length === 0 ? [undefined] : row.rows) {
            for (const to of column.rows.length === 0 ? [undefined] : column.rows) {
              // A pod has no connection to itself, whatever the table says of others that fare as it does.
              if (from !== undefined && to !== undefined && pairCount(from, to) === 0) continue;
              if (text !== NOT_ASKED) said.set(`${from?.name ?? OUTSIDE} > ${to?.name ?? OUTSIDE}`, text);
            }
          }
        });
        folded += namesOf(row).length - 1;
      });
      expect(said).toEqual(whole);
      cells += whole.size;
    }),
    { seed: 20_264, numRuns: 300 },
  );
  expect(cells).toBeGreaterThan(1_000);
  expect(folded).toBeGreaterThan(100);
});

describe('heads of a folded table', () => {
  const mail = { namespaceSelector: {}, podSelector: { matchLabels: { app: 'mail-in' } } };
  const only = { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }, mail] }] };
  const snapshot = cluster(
    { shop: {}, bank: {}, mail: {}, news: {} },
    [
      ...['shop/db', 'shop/web', 'bank/till', 'bank/vault', 'mail/in', 'mail/out'].map((name, at) =>
        pod(name, { app: name.replace('/', '-') }, { ips: [`10.0.0.${at + 1}`] }),
      ),
      pod('news/a', { app: 'a' }, { ips: ['10.0.1.1'] }),
      pod('news/b', { app: 'b' }, { ips: ['10.0.1.2'] }),
    ],
    [
      policy('shop/only-here', only),
      policy('news/a', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'], egress: [] }),
    ],
  );
  const headsOf = (ends: readonly FoldedEnd[] | undefined) => ends?.map(({ head }) => head);

  test('a folded table names whole namespaces, and counts workloads that are alike', () => {
    const reach = reachOf(snapshot);
    const pods = askedPods(snapshot);
    const question = questionOf({ namespace: 'shop', from: undefined, to: undefined }, pods, (some) =>
      createRows(reach, pods, some, ({ name }) => ({ kind: 'Pod', name })),
    );
    const table = foldTable(reach, question, EVERY_PAIR);
    expect(headsOf(table?.rows)).toEqual(['outside', '5 like bank/till', 'mail/in', 'shop/*']);
    expect(headsOf(table?.columns)).toEqual(['outside', '3 namespaces like bank', 'shop/*']);
    expect([1, 2, 3].map((row) => table?.textAt(row, 2))).toEqual(['-', 'all', 'all']);
  });

  test('a table is not folded where more pairs would have to be compared than allowed', () => {
    const reach = reachOf(snapshot);
    const pods = askedPods(snapshot);
    const question = questionOf({ namespace: undefined, from: undefined, to: undefined }, pods, (some) =>
      createRows(reach, pods, some, ({ name }) => ({ kind: 'Pod', name })),
    );
    expect(foldTable(reach, question, 3)).toBeUndefined();
  });
});
