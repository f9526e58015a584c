import { isDeepStrictEqual } from 'node:util';
import { nodeIp } from '../../../src/lab/node.ts';
import { type CasePod, type CaseState, podKeyOf } from '../../support/corpus.ts';
import { nodeOf } from './placement.ts';

/** Objects of a world by key, per kind, in the API's form. */
export interface WorldObjects {
  readonly namespaces: ReadonlyMap<string, NamespaceObject>;
  readonly pods: ReadonlyMap<string, PodObject>;
  readonly networkpolicies: ReadonlyMap<string, PolicyObject>;
}

interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface NamespaceObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: Metadata;
}

export interface PodObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: Metadata;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
}

export interface PolicyObject {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: Metadata;
  readonly spec: Readonly<Record<string, unknown>>;
}

const namespaceObject = (name: string, labels: Readonly<Record<string, string>>): NamespaceObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

const podObject = ({ namespace, name, labels, ip, ports }: CasePod): PodObject => {
  const node = nodeOf(ip);
  const hostIP = nodeIp(node, 'ipv4') ?? '';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      nodeName: node.name,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'server',
          image: 'example.org/server:1',
          ports: ports.map((port) => ({
            containerPort: port.port,
            protocol: port.protocol,
            ...(port.name === undefined ? {} : { name: port.name }),
          })),
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      hostIP,
      hostIPs: [{ ip: hostIP }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
};

export const objectsOf = ({ namespaces, pods, policies }: CaseState): WorldObjects => ({
  namespaces: new Map(Object.entries(namespaces).map(([name, labels]) => [name, namespaceObject(name, labels)])),
  pods: new Map(pods.map((pod) => [podKeyOf(pod), podObject(pod)])),
  networkpolicies: new Map(policies.map((policy) => [podKeyOf(policy.metadata), policy])),
});

export interface Difference<T> {
  readonly gone: readonly T[];
  readonly added: readonly T[];
  readonly changed: readonly { readonly before: T; readonly after: T }[];
}

/** Returns the changes from one set of objects to another. */
export const difference = <T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): Difference<T> => ({
  gone: [...before].filter(([key]) => !after.has(key)).map(([, object]) => object),
  added: [...after].filter(([key]) => !before.has(key)).map(([, object]) => object),
  changed: [...after].flatMap(([key, object]) => {
    const old = before.get(key);
    return old === undefined || isDeepStrictEqual(old, object) ? [] : [{ before: old, after: object }];
  }),
});
