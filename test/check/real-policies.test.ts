import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { PlacedFinding } from '../../src/cli/check/placed-finding.ts';
import { corpusRoot } from '../support/corpus.ts';
import { runVerbs } from '../support/run-verbs.ts';

/** Projects whose policies are deployed together; the others are collections, of which each file is for itself. */
const DEPLOYED = [
  '1Password',
  'GoogleCloudPlatform',
  'Kong',
  'argoproj',
  'fluxcd',
  'kubeflow',
  'openshift',
  'prometheus-operator',
];

/** What is found there and right, with a reason that a reader of the policy can check: up to ten. */
const RIGHT: Readonly<Record<string, readonly [file: string, finding: string]>> = {
  'two policies of the file have the same name and different rules: the second replaces the first': [
    'ahmetb__kubernetes-network-policy-recipes__11',
    'manifest',
  ],
  'all egress of the namespace is denied, with no rule for port 53': [
    'ahmetb__kubernetes-network-policy-recipes__12',
    'no-dns spec.policyTypes',
  ],
  'both directions of the namespace are denied, with no rule for port 53': [
    'network-policy-default-deny-all',
    'no-dns spec.policyTypes',
  ],
  'egress of the namespace is denied, with no rule for port 53': [
    'network-policy-default-deny-egress',
    'no-dns spec.policyTypes',
  ],
  'the only egress rule is for TCP 32000 to 32768 of 10.0.0.0/24': [
    'networkpolicy-multiport-egress',
    'no-dns spec.egress',
  ],
  'the only egress rule is for TCP 5978 of 10.0.0.0/24': ['networking__networkpolicy.yaml', 'no-dns spec.egress'],
  'namespaceSelector and podSelector are two entries; the page where it is from explains that this means either': [
    'networking__networkpolicy.yaml',
    'split-peer spec.ingress[0].from[2]',
  ],
  'from: [] allows everyone, which the name of the policy says too': [
    'mattfenwick__cyclonus__networkpolicies__allow-all.yaml',
    'empty-list spec.ingress[0].from',
  ],
  'no host has an address of 0.0.0.0/24': ['allow-by-ip', 'block-unreachable spec.ingress[0].from[0].ipBlock.cidr'],
  'all egress of the namespace is denied (in cyclonus), with no rule for port 53': [
    'deny-all-egress.yaml',
    'no-dns spec.policyTypes',
  ],
};

const root = corpusRoot();

if (root === undefined) {
  test('policies of real projects are left out: they are not on this machine', () => {
    expect(root).toBeUndefined();
  });
} else {
  const folder = path.join(root, 'realworld');
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  const isDeployed = (file: string): boolean => DEPLOYED.some((owner) => file.startsWith(`${owner}__`));
  const groups = Map.groupBy(files, (file) =>
    isDeployed(file) ? file.split('__').slice(0, 2).join('/') : path.basename(file, '.yaml'),
  );

  test('policies of real projects raise no alarm but those that are right', async () => {
    const found: (readonly [string, string])[] = [];
    for (const group of groups.values()) {
      const { out } = await runVerbs('check', ...group.map((file) => path.join(folder, file)), '-o', 'json');
      const { findings } = JSON.parse(out) as { readonly findings: readonly PlacedFinding[] };
      found.push(
        ...findings.map(({ file, code, field }) => [path.basename(file), `${code} ${field ?? ''}`.trim()] as const),
      );
    }
    const right = Object.values(RIGHT);
    const alarms = found.filter(
      ([file, finding]) => !right.some(([part, expected]) => file.includes(part) && finding === expected),
    );
    expect(alarms).toEqual([]);
    expect(found).toHaveLength(right.length);
    expect(right.length).toBeLessThanOrEqual(10);
  });

  test('policies of real projects are all there', () => {
    expect(files.length).toBeGreaterThan(100);
  });
}
