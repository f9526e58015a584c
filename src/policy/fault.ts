import type { FieldPath } from '../model/field-path.ts';
import type { PolicyKey } from '../model/policy-object.ts';

/** A part of a policy that cannot be compiled. Its policy allows nothing; other policies are not affected. */
export interface PolicyFault {
  readonly policy: PolicyKey;
  readonly field: FieldPath;
  readonly message: string;
  /** Set if the policy is valid but this node cannot enforce it. */
  readonly isOfNode?: true;
  /** Beyond a limit of ours: the API server takes such a policy. */
  readonly isTooLarge?: true;
}
