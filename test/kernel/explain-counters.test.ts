import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isolationChain } from '../../src/program/names.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import { runVerbs } from '../support/run-verbs.ts';
import { removeFolder } from '../support/clean-up.ts';
import { runInside } from './in-namespace.ts';
import { usePacketFilter } from './use-packet-filter.ts';

/** A cluster of one node, as a dump. */
const CLUSTER = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    ...(['api', 'web'] as const).map((name, at) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels: { app: name } },
      spec: { nodeName: 'n1', containers: [{ name: 'c' }] },
      status: { phase: 'Running', podIP: `10.0.0.${at + 1}`, hostIP: '192.0.2.1' },
    })),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [
          { from: [{ podSelector: { matchLabels: { role: 'client' } } }], ports: [{ port: 80 }] },
          { ports: [{ port: 443 }, { protocol: 'UDP', port: 53 }] },
        ],
      },
    },
  ],
};

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'explain-'));
  file = path.join(folder, 'cluster.json');
  await writeFile(file, JSON.stringify(CLUSTER));
});

afterAll(() => removeFolder(folder));

describe.each(['nft', 'legacy'] as const)('counters of explain, by %s', (backend) => {
  const filter = usePacketFilter(backend);

  test('are those of the policy’s rules, and of what no rule allowed', async () => {
    const { runner } = filter();
    const { out } = await runVerbs('render', '--node', 'n1', '-f', file, '-o', 'json');
    const { ipset, iptables } = JSON.parse(out) as { ipset: string; iptables: string };
    const chain = isolationChain('ingress', [policyKey('shop', 'web')], '');
    await runner.run('ipset', ['restore'], { input: ipset });
    // The order of the rules is that of the policy: a set, TCP 443, UDP 53, then all that is refused.
    const counts = [3, 5, 7, 11];
    let at = 0;
    const counted = iptables.replaceAll(new RegExp(`^-A ${chain} `, 'gm'), (begin) => {
      at += 1;
      return `[${counts[at - 1] ?? 0}:0] ${begin}`;
    });
    expect(at).toBe(counts.length);
    await runner.run(`iptables-${backend}-restore`, ['--noflush', '--counters'], { input: counted });
    const told = await runInside(
      filter(),
      { runCli: 'cli/run-cli.ts', VERBS: 'cli/verbs.ts' },
      `let out = '';
       const io = { env: {}, out: (text) => { out += text; }, err: () => undefined };
       await runCli(['explain', 'shop/api', 'shop/web:80', '--counters', '-o', 'json', '-f', ${JSON.stringify(file)}], io, VERBS);
       return JSON.parse(out).explanations[0].counters;`,
    );
    expect(told).toEqual([
      {
        direction: 'ingress',
        chain,
        rules: [
          { policy: 'shop/web', field: 'spec.ingress[0]', packets: 3 },
          { policy: 'shop/web', field: 'spec.ingress[1]', packets: 12 },
        ],
        refused: 11,
      },
    ]);
  });
});
