import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NAME_LABEL, type NamespaceEntry } from '../../model/namespace.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { PolicyObject } from '../../model/policy-object.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';

const namespaceObject = ({ name, labels }: NamespaceEntry) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: Object.fromEntries(labels) },
});

/** Returns the status of a running pod. */
export const podStatus = ({ ips, hostIPs }: Pick<PodEndpoint, 'ips' | 'hostIPs'>): object => ({
  phase: 'Running',
  podIP: ips[0],
  podIPs: ips.map((ip) => ({ ip })),
  hostIP: hostIPs[0],
  hostIPs: hostIPs.map((ip) => ({ ip })),
});

/** Returns the spec of a pod with its declared ports; valid for an API server. */
export const podSpec = ({ node, hostNetwork, ports }: Pick<PodEndpoint, 'node' | 'hostNetwork' | 'ports'>): object => ({
  ...(node === '' ? {} : { nodeName: node }),
  hostNetwork,
  containers: [
    {
      name: 'server',
      image: 'server',
      ports: ports.map(({ name, protocol, port }) => ({ name, protocol, containerPort: port })),
    },
  ],
});

/** Returns the parts of a Pod that policy depends on. */
const podObject = (pod: PodEndpoint) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: pod.namespace, name: pod.name, labels: Object.fromEntries(pod.labels) },
  spec: podSpec(pod),
  status: podStatus(pod),
});

const policyObject = ({ namespace, name, spec }: PolicyObject) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace, name },
  spec,
});

/** Every cluster has it; a state without objects would have no revision. */
const DEFAULT_NAMESPACE: NamespaceEntry = {
  name: 'default',
  labels: new Map([[NAME_LABEL, 'default']]),
};

/** Returns a cluster's state as a v1 List. @param resourceVersion set on every object, as an API server would */
export const stateText = ({ namespaces, pods, policies }: ClusterSnapshot, resourceVersion: string): string => {
  const objects = [
    ...[...new Map([['default', DEFAULT_NAMESPACE], ...namespaces]).values()].map(namespaceObject),
    ...[...pods.values()].map(podObject),
    ...[...policies.values()].map(policyObject),
  ];
  const items = objects.map((object) => ({ ...object, metadata: { ...object.metadata, resourceVersion } }));
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items })}\n`;
};

/** Replaces the file of a folder that agents follow, atomically. */
export const writeState = async (folder: string, text: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const unfinished = path.join(folder, '.state.json');
  await writeFile(unfinished, text);
  await rename(unfinished, path.join(folder, 'state.json'));
};
