import { isDeepStrictEqual } from 'node:util';
import { type PolicyObject, policyKey } from '../model/policy-object.ts';
import type { Intern } from './intern.ts';
import { asObject, asText, type RawObject } from './raw.ts';

/** Returns a networking.k8s.io/v1 NetworkPolicy's identity and its spec unread. Undefined without a name or namespace. */
export const trimPolicy = (raw: RawObject, intern: Intern): PolicyObject | undefined => {
  const metadata = asObject(raw['metadata']);
  const namespace = asText(metadata['namespace']);
  const name = asText(metadata['name']);
  if (namespace === undefined || name === undefined) return undefined;
  return { key: policyKey(namespace, name), namespace: intern(namespace), name, spec: raw['spec'] };
};

export const samePolicy = (one: PolicyObject, other: PolicyObject): boolean =>
  one.key === other.key && isDeepStrictEqual(one.spec, other.spec);
