import type { PodEndpoint } from '../../src/model/pod.ts';
import { type PolicyObject, policyKey } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { podEndpoint } from './pod-endpoint.ts';

type Plain = Readonly<Record<string, string>>;

/** Returns a pod named by `namespace/name`, with labels and other fields of the test. */
export const pod = (key: string, labels: Plain = {}, more: Partial<PodEndpoint> = {}): PodEndpoint => {
  const [namespace = '', name = ''] = key.split('/');
  return podEndpoint(name, { uid: key, namespace, labels: new Map(Object.entries(labels)), ...more });
};

/** Returns a policy named by `namespace/name`. */
export const policy = (key: string, spec: unknown): PolicyObject => {
  const [namespace = '', name = ''] = key.split('/');
  return { key: policyKey(namespace, name), namespace, name, spec };
};

/** Returns a cluster with these namespaces (with the API server's own label), pods and policies. */
export const cluster = (
  namespaces: Readonly<Record<string, Plain>>,
  pods: readonly PodEndpoint[],
  policies: readonly PolicyObject[],
): ClusterSnapshot => ({
  namespaces: new Map(
    Object.entries(namespaces).map(([name, labels]) => [
      name,
      { name, labels: new Map(Object.entries({ 'kubernetes.io/metadata.name': name, ...labels })) },
    ]),
  ),
  pods: new Map(pods.map((each) => [each.uid, each])),
  policies: new Map(policies.map((each) => [each.key, each])),
});
