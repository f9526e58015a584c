import type { ObjectKind } from '../model/cluster-change.ts';
import type { NamespaceEntry } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { type PolicyKey, type PolicyObject, policyKey } from '../model/policy-object.ts';
import type { Intern } from './intern.ts';
import { asObject, asText, type RawObject } from './raw.ts';
import { sameNamespace, trimNamespace } from './trim-namespace.ts';
import { podUid, samePod, trimPod } from './trim-pod.ts';
import { samePolicy, trimPolicy } from './trim-policy.ts';

/** One kind of object: where the API serves it, what is kept of it, and under which key. */
export interface Resource<K extends string, T> {
  readonly kind: ObjectKind;
  readonly path: string;
  /** There is always one: the API server makes some itself. */
  readonly neverNone: boolean;
  /** The key of an object as the API sends it; undefined for what has none. */
  keyOf(raw: RawObject): K | undefined;
  /** Undefined when nothing of the object is kept (a finished pod). */
  trim(raw: RawObject, intern: Intern): T | undefined;
  same(one: T, other: T): boolean;
}

export const PODS: Resource<string, PodEndpoint> = {
  kind: 'pods',
  path: '/api/v1/pods',
  neverNone: false,
  keyOf: podUid,
  trim: trimPod,
  same: samePod,
};

export const NAMESPACES: Resource<string, NamespaceEntry> = {
  kind: 'namespaces',
  path: '/api/v1/namespaces',
  neverNone: true,
  keyOf: (raw) => asText(asObject(raw['metadata'])['name']),
  trim: trimNamespace,
  same: sameNamespace,
};

export const NETWORK_POLICIES: Resource<PolicyKey, PolicyObject> = {
  kind: 'networkpolicies',
  path: '/apis/networking.k8s.io/v1/networkpolicies',
  neverNone: false,
  keyOf(raw) {
    const { namespace, name } = asObject(raw['metadata']);
    return typeof namespace === 'string' && typeof name === 'string' ? policyKey(namespace, name) : undefined;
  },
  trim: trimPolicy,
  same: samePolicy,
};
