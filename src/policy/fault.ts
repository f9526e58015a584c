import type { FieldPath } from '../model/field-path.ts';
import type { PolicyKey } from '../model/policy-object.ts';

/** Something in a policy that cannot be compiled. Its policy then allows nothing; others are not touched. */
export interface PolicyFault {
  readonly policy: PolicyKey;
  readonly field: FieldPath;
  readonly message: string;
  /** Not of the policy itself: this node cannot enforce it. */
  readonly isOfNode?: true;
  /** Beyond a limit of ours: the API server takes such a policy. */
  readonly isTooLarge?: true;
}
