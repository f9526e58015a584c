import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createIntern } from '../../../src/cluster/intern.ts';
import { asList, asObject, asText, type RawObject } from '../../../src/cluster/raw.ts';
import { trimNamespace } from '../../../src/cluster/trim-namespace.ts';
import { trimPod } from '../../../src/cluster/trim-pod.ts';
import { trimPolicy } from '../../../src/cluster/trim-policy.ts';
import type { NamespaceEntry } from '../../../src/model/namespace.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import type { ClusterSnapshot } from '../../../src/model/snapshot.ts';

/** np-guard's unit: pods of one owner, of which one stands for all. */
export interface Workload {
  /** `namespace/name[Kind]`. */
  readonly name: string;
  readonly pod: PodEndpoint;
}

export interface Topology {
  readonly workloads: readonly Workload[];
  readonly snapshot: ClusterSnapshot;
}

const flatten = (raw: RawObject): readonly RawObject[] => {
  const kind = asText(raw['kind']) ?? '';
  if (!kind.endsWith('List')) return [raw];
  const inherited = kind === 'List' ? {} : { kind: kind.slice(0, -'List'.length) };
  return asList(raw['items']).flatMap((item) => flatten({ ...inherited, ...asObject(item) }));
};

const readObjects = (folder: string): readonly RawObject[] =>
  readdirSync(folder)
    .filter((file) => ['.yaml', '.yml', '.json'].includes(extname(file)))
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .flatMap((document) => flatten(asObject(document.toJS())));

/** kubectl's default for what names no namespace. */
const withNamespace = (raw: RawObject): RawObject => ({
  ...raw,
  metadata: { namespace: 'default', ...asObject(raw['metadata']) },
});

const ofKind = (objects: readonly RawObject[], ...kinds: readonly string[]): readonly RawObject[] =>
  objects.filter((raw) => kinds.includes(asText(raw['kind']) ?? '')).map(withNamespace);

/** The pod that a Deployment or its like would create. */
const fromTemplate = (raw: RawObject): RawObject => {
  const template = asObject(asObject(raw['spec'])['template']);
  const metadata = asObject(raw['metadata']);
  return {
    metadata: { ...asObject(template['metadata']), namespace: metadata['namespace'], name: metadata['name'] },
    spec: template['spec'],
  };
};

/** The label that the API server gives every namespace. */
const withNameLabel = (namespace: NamespaceEntry): NamespaceEntry => ({
  ...namespace,
  labels: new Map([...namespace.labels, ['kubernetes.io/metadata.name', namespace.name]]),
});

const ownerOf = (raw: RawObject): string => {
  const metadata = asObject(raw['metadata']);
  const owner = asObject(asList(metadata['ownerReferences'])[0]);
  const name = asText(owner['name']) ?? asText(metadata['name']) ?? '';
  return `${asText(metadata['namespace']) ?? ''}/${name}[${asText(owner['kind']) ?? asText(raw['kind']) ?? ''}]`;
};

/**
 * np-guard never lets an ipBlock mean a pod and knows no host network; pods here are placed where no ipBlock of the
 * corpus reaches.
 */
const placed = (pod: PodEndpoint, at: number): PodEndpoint => ({
  ...pod,
  // Some lists repeat a uid.
  uid: `${pod.namespace}/${pod.name}`,
  ips: [`172.30.${1 + Math.floor(at / 250)}.${1 + (at % 250)}`],
  hostIPs: [],
  hostNetwork: false,
});

/** Reads a folder of np-guard: policies, and pods or the workloads that make them. */
export const readTopology = (folder: string): Topology => {
  const objects = readObjects(folder);
  const intern = createIntern();
  const sources = [
    ...ofKind(objects, 'Pod').map((raw) => ({ name: ownerOf(raw), raw })),
    ...ofKind(objects, 'Deployment').map((raw) => ({ name: ownerOf(raw), raw: fromTemplate(raw) })),
  ];
  const byName = new Map<string, Workload>();
  for (const { name, raw } of sources) {
    const pod = trimPod(raw, intern);
    if (pod !== undefined && !byName.has(name)) byName.set(name, { name, pod: placed(pod, byName.size) });
  }
  const workloads = [...byName.values()];
  const namespaces = ofKind(objects, 'Namespace').map((raw) => trimNamespace(raw, intern));
  const policies = ofKind(objects, 'NetworkPolicy').map((raw) => trimPolicy(raw, intern));
  return {
    workloads,
    snapshot: {
      namespaces: new Map(
        namespaces.filter((each) => each !== undefined).map((each) => [each.name, withNameLabel(each)]),
      ),
      pods: new Map(workloads.map(({ pod }) => [pod.uid, pod])),
      policies: new Map(policies.filter((each) => each !== undefined).map((each) => [each.key, each])),
    },
  };
};
