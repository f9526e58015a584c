import type { Random } from '../../chaos/random.ts';
import { createIntern } from '../../src/cluster/intern.ts';
import { assemble, type LoadedManifests } from '../../src/cluster/manifest/assemble.ts';
import { readManifest } from '../../src/cluster/manifest/read-manifest.ts';
import { type Application, type AppWorkload, readPort } from './application.ts';

/** The objects of a cluster that runs an application, and the same as the product reads them. */
export interface Deployment {
  readonly objects: readonly object[];
  readonly loaded: LoadedManifests;
}

const NODES = ['n1', 'n2', 'n3'] as const;
const nodeAddress = (node: string): string => `192.168.0.1${node.slice(1)}`;

/** The alphabet of names that controllers make up. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

const madeUp = (length: number, random: Random): string =>
  Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join('');

const containers = (ports: readonly string[]) => [
  {
    name: 'main',
    image: 'main',
    ports: ports.map((text, at) => ({
      name: `p${at}`,
      protocol: readPort(text).protocol,
      containerPort: readPort(text).port,
    })),
  },
];

/** The part of a pod that its controller decides. */
interface Controlled {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: { readonly kind: string; readonly name: string };
}

const controlled = ({ at, kind = 'ReplicaSet' }: AppWorkload, hash: string, index: number): Controlled => {
  const name = at.slice(at.indexOf('/') + 1);
  switch (kind) {
    case 'StatefulSet':
      return {
        name: `${name}-${index}`,
        labels: {
          'statefulset.kubernetes.io/pod-name': `${name}-${index}`,
          'controller-revision-hash': `${name}-${hash}`,
          'apps.kubernetes.io/pod-index': `${index}`,
        },
        owner: { kind, name },
      };
    case 'DaemonSet':
      return {
        name: `${name}-${hash.slice(0, 4)}${index}`,
        labels: { 'controller-revision-hash': hash, 'pod-template-generation': '1' },
        owner: { kind, name },
      };
    case 'CronJob': {
      const job = `${name}-2${Array.from(hash, (letter) => LETTERS.indexOf(letter) % 10)
        .join('')
        .slice(0, 7)
        .padEnd(7, '3')}`;
      return {
        name: `${job}-${hash.slice(0, 5)}`,
        labels: {
          'job-name': job,
          'batch.kubernetes.io/job-name': job,
          'controller-uid': `0f0e0d0c-0000-4000-8000-${'0'.repeat(11)}${index}`,
        },
        owner: { kind: 'Job', name: job },
      };
    }
    case 'ReplicaSet':
      return {
        name: `${name}-${hash}-${index}${hash.slice(0, 4)}`,
        labels: { 'pod-template-hash': hash },
        owner: { kind: 'ReplicaSet', name: `${name}-${hash}` },
      };
  }
};

const DNS: AppWorkload = {
  at: 'kube-system/coredns',
  replicas: 2,
  labels: { 'k8s-app': 'kube-dns' },
  ports: ['UDP 53', 'TCP 53', 'TCP 9153'],
};

/**
 * Makes a cluster that runs the application. With other random numbers it is another one: other hashes, names, addresses and
 * places of pods, and the release of each workload as a label.
 *
 * @param release label of all pods, which the next release changes
 */
export const deploy = (application: Application, random: Random, release: string): Deployment => {
  let next = 1 + random.below(40);
  const pods = [...application.workloads, DNS].flatMap((workload) => {
    const hash = madeUp(9, random);
    const [namespace = ''] = workload.at.split('/');
    return Array.from({ length: workload.replicas }, (_, index) => {
      const { name, labels, owner } = controlled(workload, hash, index);
      const node = workload.kind === 'DaemonSet' ? (NODES[index] ?? NODES[0]) : random.pick(NODES);
      next += 1 + random.below(3);
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace,
          labels: { ...workload.labels, 'app.kubernetes.io/version': release, ...labels },
          ownerReferences: [{ apiVersion: 'x/v1', uid: hash, controller: true, ...owner }],
        },
        spec: { nodeName: node, containers: containers(workload.ports ?? []) },
        status: {
          podIP: `10.244.${next >> 7}.${2 + (next & 127)}`,
          hostIP: nodeAddress(node),
          hostIPs: [{ ip: nodeAddress(node) }],
          podIPs: [{ ip: `10.244.${next >> 7}.${2 + (next & 127)}` }],
        },
      };
    });
  });
  const namespaces = [...application.namespaces, 'kube-system'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
  }));
  const objects = [...namespaces, ...pods];
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  return { objects, loaded: assemble([readManifest(text, 'cluster.json')], 1, createIntern()) };
};
