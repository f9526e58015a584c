import type { PolicyKey } from '../model/policy-object.ts';

/** A path into an object: `['spec', 'ingress', 0, 'from']`. */
export type FieldPath = readonly (string | number)[];

/** Something in a policy that cannot be compiled. Its policy then allows nothing; others are not touched. */
export interface PolicyFault {
  readonly policy: PolicyKey;
  readonly field: FieldPath;
  readonly message: string;
}

/** `spec.ingress[0].from`, as the API server spells field paths. */
export const formatField = (path: FieldPath): string =>
  path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
