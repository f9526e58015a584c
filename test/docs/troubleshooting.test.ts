import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { VERBS } from '../../src/cli/verbs.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { createAgentMetrics } from '../../src/telemetry/metrics.ts';

const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');

test('docs/troubleshooting.md names metrics that the agent has', () => {
  const reference = createAgentMetrics({
    version: '',
    limit: DEFAULT_LIMITS.node,
    sources: () => [],
    waitingSince: () => undefined,
    waitingPods: () => 0,
  }).reference();
  const used = [...page.matchAll(/portcullis_[a-z_]+/g)].map(([name]) => name);
  expect(used.length).toBeGreaterThan(0);
  for (const name of used) expect(reference.map((metric) => metric.name)).toContain(name);
});

test('docs/troubleshooting.md uses verbs that there are', () => {
  const verbs = [...page.matchAll(/(?:^p|`p|-- portcullis) ([a-z]+)/gm)].map(([, verb]) => verb);
  expect(verbs.length).toBeGreaterThan(4);
  for (const verb of verbs) expect(VERBS.map(({ name }) => name)).toContain(verb);
});
