import { expect, test } from '@jest/globals';
import { LAYOUT, layoutOf } from '../../src/program/names.ts';
import type { ObservedTable } from '../../src/render/observed.ts';
import { observedLayout } from '../../src/render/observed-layout.ts';
import { tellAdoption } from '../../src/telemetry/adoption.ts';

const table = (...chains: readonly string[]): ObservedTable => ({
  chains: new Map(chains.map((name) => [name, []])),
  hooks: { FORWARD: [], OUTPUT: [] },
  heldByOthers: new Set(),
});

const seen = (ipv4: readonly string[], ipv6: readonly string[] = []) => ({
  tables: { ipv4: table(...ipv4), ipv6: table(...ipv6) },
  sets: new Map(),
});

test.each([
  [[], undefined],
  [['PORTCULLIS-FORWARD', 'PORTCULLIS-OUTPUT'], 1],
  [['PORTCULLIS-FORWARD', `PORTCULLIS-LAYOUT-${LAYOUT}`], LAYOUT],
  [['PORTCULLIS-FORWARD', 'PORTCULLIS-LAYOUT-2', 'PORTCULLIS-LAYOUT-31'], 31],
  [['PORTCULLIS-FORWARD', 'PORTCULLIS-LAYOUT-two'], 1],
])('the layout of %j is %s', (chains, layout) => {
  expect(observedLayout(seen(chains))).toBe(layout);
  expect(observedLayout(seen([], chains))).toBe(layout);
});

test('only the mark identifies a layout', () => {
  expect(['PORTCULLIS-LAYOUT-', 'PORTCULLIS-LAYOUT-1a', 'LAYOUT-2', 'PORTCULLIS-FORWARD'].map(layoutOf)).toEqual(
    new Array(4).fill(undefined),
  );
});

test.each([
  ['nothing', [], undefined],
  ['the same', [`PORTCULLIS-LAYOUT-${LAYOUT}`], undefined],
  ['an older one', ['PORTCULLIS-FORWARD'], 'info'],
  ['a newer one', [`PORTCULLIS-LAYOUT-${LAYOUT + 1}`], 'warn'],
])('the adoption of %s is logged up to once', async (_, chains, expected) => {
  const told: string[] = [];
  const tell = (level: string) => () => {
    told.push(level);
  };
  const kernel = tellAdoption(
    { families: ['ipv4'], observe: () => Promise.resolve(seen(chains)), apply: () => Promise.resolve() },
    { error: tell('error'), warn: tell('warn'), info: tell('info'), debug: tell('debug') },
  );
  await kernel.observe();
  await kernel.observe();
  expect(told).toEqual(expected === undefined ? [] : [expected]);
});
