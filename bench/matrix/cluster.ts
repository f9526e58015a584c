import { remoteAddress, remoteNode, remoteNodeAddress } from '../state/addresses.ts';
import { benchNamespaces } from '../state/cluster.ts';
import { benchPod, runningStatus } from '../state/pod.ts';
import { benchPolicy } from '../state/policies.ts';

/** The size of the cluster whose matrix is measured. */
export interface MatrixSize {
  readonly pods: number;
  readonly policies: number;
}

/** Policies of each namespace: one of each kind of bench/state/policies.ts. */
const POLICIES_PER_NAMESPACE = 10;
/** Pods of each workload. */
const REPLICAS = 5;
const TIERS = ['front', 'back', 'db'];

const namespacesOf = ({ policies }: MatrixSize): number => Math.max(1, Math.round(policies / POLICIES_PER_NAMESPACE));

/** The objects as an API server lists them: Deployments' pods, up to five of each, with their owners and addresses. */
export function* matrixObjects(size: MatrixSize): Generator<object> {
  const namespaces = namespacesOf(size);
  yield* benchNamespaces({ ...size, localPods: 0, namespaces });
  for (let index = 0; index < size.policies; index += 1) {
    const n = index % namespaces;
    yield benchPolicy(`ns-${String(n)}`, n, Math.floor(index / namespaces));
  }
  for (let index = 0; index < size.pods; index += 1) {
    const n = index % namespaces;
    const workload = Math.floor(index / namespaces / REPLICAS);
    const app = `app-${String(workload)}`;
    const hash = (n * 7919 + workload + 10_000_000).toString(36);
    const pod = benchPod({
      namespace: `ns-${String(n)}`,
      name: `${app}-${hash}-${index.toString(36).padStart(5, '0')}`,
      node: remoteNode(index),
      labels: { app, tier: TIERS[workload % TIERS.length] ?? '', 'pod-template-hash': hash },
    });
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${hash}`, controller: true };
    yield {
      ...pod,
      metadata: { ...pod.metadata, ownerReferences: [owner] },
      status: runningStatus(remoteAddress(index), remoteNodeAddress(index)),
    };
  }
}

/** The same cluster after a pull request: one policy of `ns-3` lets another port through. */
export function* changedObjects(size: MatrixSize): Generator<object> {
  for (const object of matrixObjects(size)) {
    const { kind, metadata, spec } = object as {
      kind: string;
      metadata: { namespace?: string; name: string };
      spec?: object;
    };
    yield kind === 'NetworkPolicy' && metadata.namespace === 'ns-3' && metadata.name === 'policy-1'
      ? { ...object, spec: { ...spec, ingress: [{ ports: [{ port: 8081 }] }] } }
      : object;
  }
}
