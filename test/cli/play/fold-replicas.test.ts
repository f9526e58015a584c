import { expect, test } from '@jest/globals';
import { foldReadings, foldReplicas } from '../../../src/cli/play/fold-replicas.ts';
import type { Machine } from '../../../src/cli/play/machine.ts';
import type { Reading } from '../../../src/cli/play/reading.ts';

const machine = (name: string, workload?: string): Machine => ({
  name,
  node: 'node1',
  hostNetwork: false,
  ips: [],
  ports: [{ protocol: 'TCP', port: 80 }],
  ...(workload === undefined ? {} : { workload }),
});

const WEB = ['shop/web-0', 'shop/web-1', 'shop/web-2'].map((name) => machine(name, 'Deployment/web'));
const DB = machine('shop/db');

/** Every connection, open unless it is named. */
const readingsBut = (refused: readonly string[]): readonly Reading[] =>
  [...WEB, DB].flatMap(({ name: from }) =>
    [...WEB, DB]
      .filter(({ name }) => name !== from)
      .map(({ name: to }) => {
        const isRefused = refused.includes(`${from} ${to}`);
        return {
          from,
          to,
          protocol: 'TCP',
          port: 80,
          family: 'ipv4',
          measured: isRefused ? 'timeout' : 'open',
          expected: isRefused ? 'deny' : 'allow',
          reasons: [],
        } as const;
      }),
  );

const namesOf = (readings: readonly Reading[]): readonly string[] =>
  foldReplicas([DB, ...WEB], readings).map(({ name }) => name);

test('replicas that fare alike are one row with their number', () => {
  expect(namesOf(readingsBut([]))).toEqual(['shop/db', 'shop/web ×3']);
});

test('a replica that fares differently has a row of its own', () => {
  expect(namesOf(readingsBut(['shop/web-1 shop/db']))).toEqual(['shop/db', 'shop/web-0 +1', 'shop/web-1']);
  expect(namesOf(readingsBut(['shop/db shop/web-2']))).toEqual(['shop/db', 'shop/web-0 +1', 'shop/web-2']);
});

test('pods of equal workload names in two namespaces are not folded', () => {
  const other = machine('stage/web-0', 'Deployment/web');
  expect(foldReplicas([...WEB, other], []).map(({ name }) => name)).toEqual(['shop/web ×3', 'stage/web-0']);
});

test('readings are folded as the table is: one for each cell, under the names of its row and column', () => {
  const pairs = foldReadings([DB, ...WEB], readingsBut(['shop/web-1 shop/db'])).map(
    ({ from, to, measured }) => `${from} > ${to}: ${measured}`,
  );
  expect(pairs).toEqual([
    'shop/web-0 +1 > shop/web-1: open',
    'shop/web-0 +1 > shop/web-0 +1: open',
    'shop/web-0 +1 > shop/db: open',
    'shop/web-1 > shop/web-0 +1: open',
    'shop/web-1 > shop/db: timeout',
    'shop/db > shop/web-0 +1: open',
    'shop/db > shop/web-1: open',
  ]);
});
