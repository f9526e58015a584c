import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadManifests } from '../../src/cluster/manifest/load-manifests.ts';
import { asList, asObject } from '../../src/cluster/raw.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { CORPORA, type CasePolicy, type CaseState, loadCases } from '../support/corpus.ts';
import { snapshotOf } from '../conformance/evaluator/case-snapshot.ts';
import { readTopology } from '../conformance/evaluator/workloads.ts';

/** States of one cluster, one after the other. */
export interface CorpusWorld {
  readonly name: string;
  readonly states: readonly ClusterSnapshot[];
}

const withoutPolicies = (snapshot: ClusterSnapshot): ClusterSnapshot => ({ ...snapshot, policies: new Map() });

const netpolWorlds = (root: string): readonly CorpusWorld[] =>
  CORPORA.flatMap((corpus) =>
    loadCases(root, corpus).map(({ id, initial, steps }) => ({
      name: `${corpus} ${id}`,
      states: [initial, ...steps.map(({ state }) => state)].map(snapshotOf),
    })),
  );

const npGuardWorlds = async (root: string): Promise<readonly CorpusWorld[]> => {
  const folder = join(root, 'np-guard');
  const { cases } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    cases: readonly { dir: string }[];
  };
  const worlds: CorpusWorld[] = [];
  for (const { dir } of cases) {
    const { snapshot } = await readTopology(join(folder, dir));
    worlds.push({ name: `np-guard ${dir}`, states: [withoutPolicies(snapshot), snapshot] });
  }
  return worlds;
};

interface CnpCase {
  readonly name: string;
  readonly namespaces: CaseState['namespaces'];
  readonly pods: readonly (Omit<CaseState['pods'][number], 'ports'> & {
    readonly declaredPorts: CaseState['pods'][number]['ports'] | null;
  })[];
  readonly networkPolicies: readonly CasePolicy[];
}

/** Of these cases the NetworkPolicies count; the cluster-wide ones are of a kind that is not enforced. */
const cnpWorlds = (root: string): readonly CorpusWorld[] => {
  const folder = join(root, 'cnp', 'cases');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && file !== 'index.json')
    .map((file) => {
      const { name, namespaces, pods, networkPolicies } = JSON.parse(
        readFileSync(join(folder, file), 'utf8'),
      ) as CnpCase;
      const state: CaseState = {
        namespaces,
        pods: pods.map(({ declaredPorts, ...pod }) => ({ ...pod, ports: declaredPorts ?? [] })),
        policies: networkPolicies,
      };
      const snapshot = snapshotOf(state);
      return { name: `cnp ${name}`, states: [withoutPolicies(snapshot), snapshot] };
    });
};

/** All `matchLabels` of a policy: pods that bear them are what it is about. */
const labelsIn = (value: unknown): readonly Readonly<Record<string, string>>[] => {
  if (Array.isArray(value)) return value.flatMap(labelsIn);
  if (typeof value !== 'object' || value === null) return [];
  const own = (value as Readonly<Record<string, unknown>>)['matchLabels'];
  const found = own === undefined ? [] : [asObject(own) as Readonly<Record<string, string>>];
  return [...found, ...Object.values(value).flatMap(labelsIn)];
};

/** Ports that the policy names, each declared once. */
const portsIn = ({ spec }: PolicyObject): PodEndpoint['ports'] =>
  ['ingress', 'egress']
    .flatMap((direction) => asList(asObject(spec)[direction]))
    .flatMap((rule) => asList(asObject(rule)['ports']))
    .flatMap((entry, at) => {
      const { port } = asObject(entry);
      return typeof port === 'string' ? [{ name: port, protocol: 'TCP' as const, port: 8000 + at }] : [];
    });

/** Policies of real projects come without pods: one is made for each set of labels that they select, in two namespaces. */
const realWorlds = async (root: string): Promise<readonly CorpusWorld[]> => {
  const folder = join(root, 'realworld');
  const worlds: CorpusWorld[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
    const { snapshot } = await loadManifests([join(folder, file)]);
    const policies = [...snapshot.policies.values()];
    const ports = policies.flatMap(portsIn);
    const labels = [{}, ...policies.flatMap(({ spec }) => labelsIn(spec))];
    const namespaces = [...new Set([...policies.map(({ namespace }) => namespace), 'elsewhere'])];
    const pods = namespaces.flatMap((namespace, n) =>
      labels.map((own, at): PodEndpoint => {
        const name = `p${String(at)}`;
        return {
          uid: `${namespace}/${name}`,
          namespace,
          name,
          node: 'n1',
          labels: new Map(Object.entries(own)),
          ips: [`10.${String(n)}.${String(at >> 8)}.${String((at & 255) + 1)}`],
          hostIPs: [],
          hostNetwork: false,
          ports: at % 2 === 0 ? ports : [],
          createdAt: 0,
        };
      }),
    );
    const known = new Map(snapshot.namespaces).set('elsewhere', { name: 'elsewhere', labels: new Map() });
    const whole = { ...snapshot, namespaces: known, pods: new Map(pods.map((pod) => [pod.uid, pod])) };
    worlds.push({ name: `realworld ${file}`, states: [withoutPolicies(whole), whole] });
  }
  return worlds;
};

/** Every cluster of the corpora, in the states that it goes through. */
export const corpusWorlds = async (root: string): Promise<readonly CorpusWorld[]> => [
  ...netpolWorlds(root),
  ...(await npGuardWorlds(root)),
  ...cnpWorlds(root),
  ...(await realWorlds(root)),
];
