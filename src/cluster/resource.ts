import { isDeepStrictEqual } from 'node:util';
import { type PolicyObject, policyKey, type PolicyKey } from '../model/policy-object.ts';
import type { Intern } from './intern.ts';
import { asObject, asText, type RawObject } from './raw.ts';
import type { NamespaceEntry } from '../model/namespace.ts';
import { sameLabels, trimLabels } from './trim-labels.ts';
import type { ObjectKind } from '../model/cluster-change.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { Message } from './protobuf/message.ts';
import { POD } from './protobuf/schema.ts';
import { podUid, samePod, trimPod } from './trim-pod.ts';

/** Returns a networking.k8s.io/v1 NetworkPolicy's identity and its spec unread. Undefined without a name or namespace. */
export const trimPolicy = (raw: RawObject, intern: Intern): PolicyObject | undefined => {
  const metadata = asObject(raw['metadata']);
  const namespace = asText(metadata['namespace']);
  const name = asText(metadata['name']);
  if (namespace === undefined || name === undefined) return undefined;
  return { key: policyKey(namespace, name), namespace: intern(namespace), name, spec: raw['spec'] };
};

const samePolicy = (one: PolicyObject, other: PolicyObject): boolean =>
  one.key === other.key && isDeepStrictEqual(one.spec, other.spec);

/** Returns the parts of a v1 Namespace that policy depends on; undefined without a name. */
export const trimNamespace = (raw: RawObject, intern: Intern): NamespaceEntry | undefined => {
  const metadata = asObject(raw['metadata']);
  const name = asText(metadata['name']);
  return name === undefined ? undefined : { name: intern(name), labels: trimLabels(metadata['labels'], intern) };
};

const sameNamespace = (one: NamespaceEntry, other: NamespaceEntry): boolean =>
  one.name === other.name && sameLabels(one.labels, other.labels);

/** A kind of object: the path that serves it, the part that is kept, and its key. */
export interface Resource<K extends string, T> {
  readonly path: string;
  /** Field selector of all lists and watches; '' for everything. An object that ceases to match is reported as deleted. */
  readonly fieldSelector: string;
  /** The fields read from protobuf; undefined if the kind is read as JSON, because it is small or kept as a whole. */
  readonly message: Message | undefined;
  /** Whether at least one object always exists, because the API server creates it. */
  readonly neverNone: boolean;
  /** Returns the key of an object of the API; undefined if it has none. */
  keyOf(raw: RawObject): K | undefined;
  /** Returns undefined if nothing of the object is kept (a finished pod). Equal parts are shared with `neighbour`. */
  trim(raw: RawObject, intern: Intern, neighbour?: T): T | undefined;
  same(one: T, other: T): boolean;
}

/** A kind that policy depends on. */
export interface PolicyResource<K extends string, T> extends Resource<K, T> {
  readonly kind: ObjectKind;
}

export const PODS: PolicyResource<string, PodEndpoint> = {
  kind: 'pods',
  path: '/api/v1/pods',
  // Finished pods are no peers (trim-pod.ts), and clusters keep thousands of them.
  fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
  message: POD,
  neverNone: false,
  keyOf: podUid,
  trim: trimPod,
  same: samePod,
};

export const NAMESPACES: PolicyResource<string, NamespaceEntry> = {
  kind: 'namespaces',
  path: '/api/v1/namespaces',
  fieldSelector: '',
  message: undefined,
  neverNone: true,
  keyOf: (raw) => asText(asObject(raw['metadata'])['name']),
  trim: trimNamespace,
  same: sameNamespace,
};

export const NETWORK_POLICIES: PolicyResource<PolicyKey, PolicyObject> = {
  kind: 'networkpolicies',
  path: '/apis/networking.k8s.io/v1/networkpolicies',
  fieldSelector: '',
  message: undefined,
  neverNone: false,
  keyOf(raw) {
    const { namespace, name } = asObject(raw['metadata']);
    return typeof namespace === 'string' && typeof name === 'string' ? policyKey(namespace, name) : undefined;
  },
  trim: trimPolicy,
  same: samePolicy,
};
