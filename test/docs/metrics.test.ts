import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';
import { createAgentMetrics } from '../../src/telemetry/metrics.ts';

const FILE = path.join(import.meta.dirname, '../../docs/metrics.md');

const HEAD = `# Metrics

Every metric of the agent, at \`/metrics\`. This table is generated from the code: \`UPDATE_DOCS=1 npm test -- test/docs\`.

| metric | type | labels | meaning |
|---|---|---|---|
`;

const row = ({
  name,
  type,
  labels,
  help,
}: ReturnType<ReturnType<typeof createAgentMetrics>['reference']>[number]): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replaceAll('|', '\\|')} |\n`;

test('docs/metrics.md lists every metric of the registry with its labels and help', () => {
  const metrics = createAgentMetrics({
    version: '',
    limit: DEFAULT_LIMITS.node,
    sources: () => [],
    waitingSince: () => undefined,
    waitingPods: () => 0,
  });
  const reference = metrics.reference();
  expect(reference.length).toBeGreaterThan(30);
  const document = HEAD + reference.map(row).join('');
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, document);
  expect(readFileSync(FILE, 'utf8')).toBe(document);
});
