import type { ObjectKind } from '../model/cluster-change.ts';
import type { NamespaceEntry } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { type PolicyKey, type PolicyObject, policyKey } from '../model/policy-object.ts';
import type { Intern } from './intern.ts';
import type { Message } from './protobuf/message.ts';
import { POD } from './protobuf/schema.ts';
import { asObject, asText, type RawObject } from './raw.ts';
import { sameNamespace, trimNamespace } from './trim-namespace.ts';
import { podUid, samePod, trimPod } from './trim-pod.ts';
import { samePolicy, trimPolicy } from './trim-policy.ts';

/** One kind of object: where the API serves it, what is kept of it, and under which key. */
export interface Resource<K extends string, T> {
  readonly kind: ObjectKind;
  readonly path: string;
  /** What to ask for, in all lists and watches; '' for everything. An object that ceases to match is told as deleted. */
  readonly fieldSelector: string;
  /** What is read of it in protobuf; undefined where it is read as JSON, because all of it is kept or it is small. */
  readonly message: Message | undefined;
  /** There is always one: the API server makes some itself. */
  readonly neverNone: boolean;
  /** The key of an object as the API sends it; undefined for what has none. */
  keyOf(raw: RawObject): K | undefined;
  /** Undefined when nothing of the object is kept (a finished pod). `neighbour` came before it: equal parts may be shared. */
  trim(raw: RawObject, intern: Intern, neighbour?: T): T | undefined;
  same(one: T, other: T): boolean;
}

export const PODS: Resource<string, PodEndpoint> = {
  kind: 'pods',
  path: '/api/v1/pods',
  // Finished pods are nobody's peers (trim-pod.ts), and clusters keep thousands of them.
  fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
  message: POD,
  neverNone: false,
  keyOf: podUid,
  trim: trimPod,
  same: samePod,
};

export const NAMESPACES: Resource<string, NamespaceEntry> = {
  kind: 'namespaces',
  path: '/api/v1/namespaces',
  fieldSelector: '',
  message: undefined,
  neverNone: true,
  keyOf: (raw) => asText(asObject(raw['metadata'])['name']),
  trim: trimNamespace,
  same: sameNamespace,
};

export const NETWORK_POLICIES: Resource<PolicyKey, PolicyObject> = {
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
