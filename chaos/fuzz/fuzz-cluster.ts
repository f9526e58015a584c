import type { JsonLabels, JsonPolicy } from '../../test/support/naive/world.ts';

/** A v1 Namespace. */
export interface RawNamespace {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: { readonly name: string; readonly labels: JsonLabels };
}

export interface RawPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

export interface RawContainer {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly ports?: readonly RawPort[];
}

/** The parts of a v1 Pod that policy can depend on. */
export interface RawPod {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels: JsonLabels;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers: readonly RawContainer[];
    readonly initContainers?: readonly RawContainer[];
  };
  readonly status: {
    readonly phase: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly hostIPs?: readonly { readonly ip: string }[];
  };
}

/** A networking.k8s.io/v1 NetworkPolicy; in a faulty one any field of the spec may have any value. */
export interface RawPolicy {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A policy and its meaning: itself, or for a faulty one the isolation that remains. */
export interface FuzzPolicy {
  readonly object: RawPolicy;
  readonly meaning: JsonPolicy['spec'];
  readonly faulty: boolean;
}

/** A generated cluster in the form that an API server lists. */
export interface FuzzCluster {
  readonly namespaces: readonly RawNamespace[];
  readonly pods: readonly RawPod[];
  readonly policies: readonly FuzzPolicy[];
}

export interface FuzzNode {
  readonly name: string;
  readonly ips: readonly string[];
}

/** The nodes of every generated cluster. */
export const NODES: readonly FuzzNode[] = [
  { name: 'n1', ips: ['10.0.9.1', 'fd00:9::1'] },
  { name: 'n2', ips: ['10.0.9.2', 'fd00:9::2'] },
  { name: 'n3', ips: ['10.0.9.3', 'fd00:9::3'] },
];
