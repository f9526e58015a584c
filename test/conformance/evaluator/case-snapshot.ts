import type { PodEndpoint } from '../../../src/model/pod.ts';
import { policyKey } from '../../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../../src/model/snapshot.ts';
import { type CasePod, type CaseState, podKeyOf } from '../../support/corpus.ts';

const toEndpoint = (pod: CasePod): PodEndpoint => ({
  uid: podKeyOf(pod),
  namespace: pod.namespace,
  name: pod.name,
  node: 'node1',
  labels: new Map(Object.entries(pod.labels)),
  ips: [pod.ip],
  hostIPs: [],
  hostNetwork: false,
  ports: pod.ports.map(({ name, port, protocol }) => ({ name, port, protocol })),
  createdAt: 0,
});

/** Returns a case's world in the form of a cluster snapshot. */
export const snapshotOf = (state: CaseState): ClusterSnapshot => ({
  namespaces: new Map(
    Object.entries(state.namespaces).map(([name, labels]) => [name, { name, labels: new Map(Object.entries(labels)) }]),
  ),
  pods: new Map(state.pods.map((pod) => [podKeyOf(pod), toEndpoint(pod)])),
  policies: new Map(
    state.policies.map(({ metadata: { namespace, name }, spec }) => {
      const key = policyKey(namespace, name);
      return [key, { key, namespace, name, spec }];
    }),
  ),
});
