import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { loadApplication } from '../../../bench/suggest/application.ts';
import { deploy } from '../../../bench/suggest/deploy.ts';
import { recordTraffic } from '../../../bench/suggest/record.ts';
import { trafficOf } from '../../../bench/suggest/traffic.ts';
import { createRandom } from '../../../chaos/random.ts';
import { removeFolder } from '../../support/clean-up.ts';
import { runVerbs } from '../../support/run-verbs.ts';

let folder = '';
let flows: readonly string[] = [];
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-suggest-'));
  const application = loadApplication('tenants');
  const random = createRandom(3);
  const { objects, loaded } = deploy(application, random, '1.0.0');
  const untilMs = 600_000;
  const traffic = trafficOf(application, loaded, untilMs, random);
  const nodes = recordTraffic(loaded, traffic, { startedAt: Date.parse('2026-11-30T10:00:00Z'), untilMs, random });
  await writeFile(at('cluster.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  flows = nodes.flatMap((_, index) => ['--flows', at(`n${index}.json`)]);
  await Promise.all(nodes.map((node, index) => writeFile(at(`n${index}.json`), JSON.stringify(node))));
});

afterAll(() => removeFolder(folder));

const suggest = (...args: readonly string[]) => runVerbs('suggest', ...flows, '-f', at('cluster.json'), ...args);

describe('portcullis suggest', () => {
  test('the printed policies pass check with the cluster that they were made for', async () => {
    const { code, out, err } = await suggest();
    expect([code, err]).toEqual([0, '']);
    await writeFile(at('suggested.yaml'), out);
    const checked = await runVerbs('check', '--strict', '-f', at('cluster.json'), at('suggested.yaml'), '-o', 'json');
    expect(checked.code).toBe(0);
    expect(JSON.parse(checked.out)).toMatchObject({ findings: [], policies: 13 });
  });

  test('each rule has its evidence as a comment, and the top tells how far to trust it', async () => {
    const { out } = await suggest('-n', 'acme');
    expect(out).toMatch(/^# Suggested by portcullis from recorded traffic\. Nothing was applied: review it first\.\n/);
    expect(out).toContain('seen in 10 minutes: from 2026-11-30T10:00:00.000Z to 2026-11-30T10:10:00.000Z.');
    expect(out).toMatch(/^ {4}# acme\/api → acme\/db TCP 5432: seen \d+ times, first \S+, last \S+$/m);
    expect(out).toContain('globex/nightly → acme/db TCP 5432: it is a database of another namespace, by its port');
    const documents = parseAllDocuments(out).map(
      (document) => document.toJSON() as { metadata: { namespace: string } } | null,
    );
    const policies = documents.filter((document) => document !== null);
    expect(new Set(policies.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['acme']));
    expect(policies).toHaveLength(5);
  });

  test('the JSON has policies as manifests, coverage and evidence', async () => {
    const { out } = await suggest('-o', 'json', '-n', 'platform');
    const { policies, coverage } = JSON.parse(out) as {
      policies: { workload: string; manifest: { kind: string }; rules: { evidence: object[] }[] }[];
      coverage: { silent: object[]; nodes: object[] };
    };
    expect(policies.map(({ workload, manifest }) => `${manifest.kind} ${workload}`)).toEqual([
      'NetworkPolicy platform/gateway',
      'NetworkPolicy platform/logs',
      'NetworkPolicy platform/prometheus',
    ]);
    expect(coverage.silent).toEqual([{ workload: 'platform/backup', pods: 1 }]);
    expect(coverage.nodes).toHaveLength(3);
  });

  test('--diff tells what the policies open and close, as diff does with the printed policies', async () => {
    const { out } = await suggest('--diff', '-o', 'json');
    const printed = await suggest('-o', 'json');
    const { policies } = JSON.parse(printed.out) as { policies: { manifest: object }[] };
    const before = JSON.parse(await readFile(at('cluster.json'), 'utf8')) as { items: object[] };
    const items = [...before.items, ...policies.map(({ manifest }) => manifest)];
    await writeFile(at('after.json'), JSON.stringify({ ...before, items }));
    const diff = await runVerbs('diff', at('cluster.json'), at('after.json'), '-o', 'json');
    expect(JSON.parse(out)).toEqual(JSON.parse(diff.out));
    expect((JSON.parse(out) as { changes: object[] }).changes.length).toBeGreaterThan(100);
  });

  test("--diff=instead leaves out today's policies of the same pods", async () => {
    const today = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'today', namespace: 'acme' },
      spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ ports: [{ port: 22 }] }] },
    };
    await writeFile(at('today.yaml'), JSON.stringify(today));
    const beside = await suggest('-f', at('today.yaml'), '--diff', '-n', 'acme');
    expect(beside.err).toContain('note: policies add up: acme/today go on to allow what they allow');
    expect(beside.out).not.toMatch(/- globex\/jobs +→ acme\/db +TCP 22/);
    const instead = await suggest('-f', at('today.yaml'), '--diff=instead', '-n', 'acme');
    expect(instead.err).toBe('');
    expect(instead.out).toMatch(/- globex\/jobs +→ acme\/db +TCP 22/);
  });

  test('errors say what is wrong with the usage or the records', async () => {
    expect(await suggest('-n', 'acmee')).toMatchObject({ code: 2, err: expect.stringContaining('no such namespace') });
    expect(await suggest('-o', 'table')).toMatchObject({ code: 2, err: expect.stringContaining('needs --diff') });
    await writeFile(at('bad.json'), '{"flows": [{}]}');
    const { code, err } = await runVerbs('suggest', '--flows', at('bad.json'), '-f', at('cluster.json'));
    expect([code, err]).toEqual([1, expect.stringContaining('bad.json: flows[0].verdict: is neither')]);
  });
});
