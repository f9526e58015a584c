import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { CONDITION_REASONS } from '../../src/cluster/condition/reasons.ts';
import { toldTable } from '../api/told/fault.ts';
import { TOLD_FAULTS } from '../api/told/faults.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const FILE = path.join(ROOT, 'docs/faults.md');
const HEADING = '## How each is reported\n';
/** The table, from its first line to its last. */
const TABLE = /\| Fault \| `\/readyz`[\s\S]*?\n(?!\|)/;

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** Returns the first column of the tables of faults. */
const faultsIn = (text: string): readonly string[] => {
  const [before = ''] = text.split(HEADING);
  const tables = before.split(/^## /m).filter((section) => section.includes('\n| Fault |'));
  return tables.flatMap((section) =>
    [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, fault = '']) => fault).filter((fault) => fault !== 'Fault'),
  );
};

const told = TOLD_FAULTS.flatMap((fault) => (fault.told === 'nothing' ? [] : [{ ...fault, told: fault.told }]));

test('docs/faults.md says of each fault how it is reported: else run this with UPDATE_DOCS=1', () => {
  const text = read('docs/faults.md');
  expect(TOLD_FAULTS.map(({ fault }) => fault)).toEqual(faultsIn(text));
  const [before = '', after = ''] = text.split(HEADING);
  const updated = `${before}${HEADING}${after.replace(TABLE, () => `${toldTable(TOLD_FAULTS).trimEnd()}\n`)}`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, updated);
  expect(read('docs/faults.md')).toBe(updated);
});

test('each fault is reported by metrics, Events, reasons and log lines that exist', () => {
  const metrics = read('docs/metrics.md') + read('docs/operating.md');
  const events = read('docs/events.md');
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n');
  expect(told.length).toBeGreaterThan(30);
  for (const { fault, told: surfaces, end } of told) {
    const { metric, condition, event, log } = surfaces;
    expect({ fault, metric: metrics.includes(`\`${metric.replace(/[{ ].*$/, '')}\``) }).toEqual({
      fault,
      metric: true,
    });
    expect(Object.keys(CONDITION_REASONS)).toContain(condition);
    for (const reason of [event, end?.event]) {
      if (reason !== undefined)
        expect({ fault, event: events.includes(`\`${reason}\``) }).toEqual({ fault, event: true });
    }
    for (const message of [log, end?.log]) {
      if (message !== undefined)
        expect({ fault, message, isThere: sources.includes(message) }).toMatchObject({ isThere: true });
    }
  }
});

test('each fault that is made nowhere else is made by the test of all surfaces', () => {
  const made = read('test/api/told.test.ts');
  const here = TOLD_FAULTS.filter(({ shown }) => shown === 'here');
  expect(here.length).toBeGreaterThan(12);
  for (const { fault } of here) {
    const starts = [...made.matchAll(/(?:rowOf\(|start: |\[)'([^']+)'/g)].map(([, start = '']) => start);
    expect({ fault, isMade: starts.some((start) => fault.startsWith(start)) }).toEqual({ fault, isMade: true });
  }
  for (const { fault, shown } of TOLD_FAULTS) {
    if (shown === 'here') continue;
    for (const [, file = ''] of shown.by.matchAll(/`(test\/[^`]+)`/g)) {
      expect({ fault, files: globSync(file, { cwd: ROOT }).length }).toEqual({ fault, files: 1 });
    }
  }
});
