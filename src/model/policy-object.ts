import type { Brand } from './brand.ts';

/** `namespace/name` of a NetworkPolicy. */
export type PolicyKey = Brand<'PolicyKey'>;

export const policyKey = (namespace: string, name: string): PolicyKey => `${namespace}/${name}` as PolicyKey;

/** A NetworkPolicy as a source delivered it: only identity is known to be sound, the spec is read by policy/parse. */
export interface PolicyObject {
  readonly key: PolicyKey;
  readonly namespace: string;
  readonly name: string;
  readonly spec: unknown;
}
