import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { VERBS } from '../../src/cli/verbs.ts';
import { createAgentMetrics } from '../../src/telemetry/metrics.ts';

const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');

test('docs/troubleshooting.md alerts on metrics that the agent has, with labels that they have', () => {
  const reference = createAgentMetrics({
    version: '',
    sources: () => [],
    waitingSince: () => undefined,
  }).reference();
  const labels = new Map(reference.map((metric) => [metric.name, metric.labels]));
  const used = [...page.matchAll(/(portcullis_[a-z_]+)(?:\{([a-z_]+)=)?/g)].map(([, name = '', label]) => ({
    name: name.replace(/_bucket$/, ''),
    label,
  }));
  expect(used.length).toBeGreaterThan(10);
  for (const { name, label } of used) {
    expect({ name, isKnown: labels.has(name) }).toEqual({ name, isKnown: true });
    if (label !== undefined) expect(labels.get(name)).toContain(label);
  }
});

test('docs/troubleshooting.md uses verbs that there are', () => {
  const verbs = [...page.matchAll(/(?:^p|`p|-- portcullis) ([a-z]+)/gm)].map(([, verb]) => verb);
  expect(verbs.length).toBeGreaterThan(4);
  for (const verb of verbs) expect(VERBS.map(({ name }) => name)).toContain(verb);
});
