import { localAddress, remoteAddress, remoteNode, remoteNodeAddress } from './addresses.ts';
import { type BenchPod, benchPod, runningStatus } from './pod.ts';
import { benchPolicy, type BenchPolicy } from './policies.ts';
import type { Size } from './size.ts';

export interface BenchNamespace {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

export interface PlacedPod {
  readonly pod: BenchPod;
  readonly status: object;
}

/** The node whose agent is measured. */
export const OWN_NODE = 'bench-node';

const TIERS = ['front', 'back', 'db'];

const namespaceName = (n: number): string => `ns-${String(n)}`;

export const benchNamespaces = ({ namespaces }: Size): readonly BenchNamespace[] =>
  Array.from({ length: namespaces }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespaceName(n),
      labels: { team: `team-${String(n % 10)}`, env: n % 2 === 0 ? 'production' : 'staging' },
    },
  }));

/** Yields pods, which are assigned to the namespaces in turn; the first ones are on our node. */
export function* benchPods({ pods, localPods, namespaces }: Size, nodeAddress: string): Generator<PlacedPod> {
  for (let index = 0; index < pods; index += 1) {
    const isLocal = index < localPods;
    const n = index % namespaces;
    const kind = Math.floor(index / namespaces) + n;
    const app = `app-${String(kind % 10)}`;
    const remote = index - localPods;
    yield {
      pod: benchPod({
        namespace: namespaceName(n),
        name: `${app}-${(index * 2_654_435_761).toString(36)}`,
        node: isLocal ? OWN_NODE : remoteNode(remote),
        labels: {
          app,
          tier: TIERS[kind % TIERS.length] ?? '',
          'pod-template-hash': `${String(n)}-${String(kind % 10)}`,
        },
      }),
      status: isLocal
        ? runningStatus(localAddress(index), nodeAddress)
        : runningStatus(remoteAddress(remote), remoteNodeAddress(remote)),
    };
  }
}

export const benchPolicies = ({ policies, namespaces }: Size): readonly BenchPolicy[] =>
  Array.from({ length: policies }, (_, index) => {
    const n = index % namespaces;
    return benchPolicy(namespaceName(n), n, Math.floor(index / namespaces));
  });
