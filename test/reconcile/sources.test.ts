import { expect, test } from '@jest/globals';
import type { FakeHost } from '../support/fake-kernel/host.ts';
import { createFakeHost } from '../support/fake-kernel/host.ts';
import { API, CHECK_MS, openTo, reaches, readyBench, setUpBench } from './bench.ts';

const isChecked = ({ rawTables }: FakeHost): boolean =>
  [rawTables.ipv4, rawTables.ipv6].every(
    (table) =>
      table.get('PREROUTING')?.rules[0]?.text === '-j PORTCULLIS-SOURCES' &&
      table.get('PORTCULLIS-SOURCES')?.rules.some(({ text }) => text.includes('-i veth+ -m rpfilter --invert')),
  );

test('interfaces that are found while the loop runs are validated from the next pass on, until they are gone', async () => {
  let interfaces: readonly string[] = [];
  const bench = await readyBench(undefined, { program: { sources: () => interfaces } });
  interfaces = ['veth+'];
  bench.loop.trigger();
  await bench.clock.settle();
  expect(isChecked(bench.host)).toBe(true);
  expect(bench.steps).toEqual(['iptables restore', 'iptables restore']);
  interfaces = [];
  bench.loop.trigger();
  await bench.clock.settle();
  expect([...bench.host.rawTables.ipv4.keys(), ...bench.host.rawTables.ipv6.keys()]).toEqual([
    ...['PREROUTING', 'OUTPUT', 'PREROUTING', 'OUTPUT'],
  ]);
  expect(bench.results.map(({ outcome, drift }) => [outcome, drift])).toEqual([
    ['applied', 0],
    ['applied', 0],
  ]);
});

test('the next agent adopts source validation, and an agent without it removes it', async () => {
  const program = { sources: () => ['veth+'] };
  const { host, loop } = await readyBench(undefined, { program });
  expect(isChecked(host)).toBe(true);
  await loop.stop();
  const next = setUpBench(host, { program });
  await next.clock.settle();
  expect(next.results).toMatchObject([{ reason: 'start', outcome: 'unchanged', changes: 0 }]);
  await next.loop.stop();
  const other = setUpBench(host);
  await other.clock.settle();
  expect(other.results).toMatchObject([{ reason: 'start', outcome: 'applied', drift: 0 }]);
  expect([...host.rawTables.ipv4.keys()]).toEqual(['PREROUTING', 'OUTPUT']);
  expect(reaches(host, API)).toBe(true);
});

test('drift of source validation is repaired and reported', async () => {
  const bench = await readyBench(undefined, { program: { sources: () => ['veth+'] } });
  const { ipv6 } = bench.host.rawTables;
  bench.host.rawTables.ipv6 = new Map([...ipv6].map(([name, chain]) => [name, { ...chain, rules: [] }]));
  await bench.clock.pass(CHECK_MS);
  expect(bench.results[0]?.tampering.map(({ kind, family, name }) => [kind, family, name])).toEqual([
    ['jump_missing', 'ipv6', 'PREROUTING'],
    ['chain_changed', 'ipv6', 'PORTCULLIS-SOURCES'],
    ['chain_changed', 'ipv6', 'PORTCULLIS-SPOOFED'],
  ]);
  expect(isChecked(bench.host)).toBe(true);
});

test('a kernel that rejects source validation delays no policy', async () => {
  const host = createFakeHost();
  const refusal = (step: { readonly kind: string; readonly text?: string }): string | undefined =>
    step.kind === 'iptables restore' && step.text?.startsWith('*raw') === true
      ? 'No such file or directory'
      : undefined;
  host.failure = refusal;
  const bench = setUpBench(host, { program: { sources: () => ['veth+'] } });
  await bench.clock.settle();
  expect(bench.results).toMatchObject([{ outcome: 'failed' }]);
  expect(reaches(host, API)).toBe(true);
  bench.change(openTo(), '2');
  await bench.clock.pass(60_000);
  expect(reaches(host, API)).toBe(false);
  host.failure = () => undefined;
  await bench.clock.pass(60_000);
  expect(isChecked(host)).toBe(true);
  expect(bench.loop.status()).toMatchObject({ ready: true, failures: 0 });
});
