import type { Brand } from './brand.ts';

/** `namespace/name` of a NetworkPolicy. */
export type PolicyKey = Brand<'PolicyKey'>;

export const policyKey = (namespace: string, name: string): PolicyKey => `${namespace}/${name}` as PolicyKey;

/** The namespace of a policy. */
export const policyNamespace = (key: string): string => key.slice(0, key.indexOf('/'));

/** The name of a policy in its namespace. */
export const policyName = (key: string): string => key.slice(key.indexOf('/') + 1);

/** A NetworkPolicy from a source: only its identity is checked; policy/parse reads the spec. */
export interface PolicyObject {
  readonly key: PolicyKey;
  readonly namespace: string;
  readonly name: string;
  readonly spec: unknown;
}
