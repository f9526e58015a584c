import type { PolicyKey } from '../model/policy-object.ts';
import type { FieldPath } from '../model/field-path.ts';

/** An error is refused by the API server; a warning is a likely mistake; a note may well be meant. */
export type Severity = 'error' | 'warning' | 'note';

/** What can be found in a policy. The codes are stable: scripts and people refer to them. */
export const SEVERITY = {
  invalid: 'error',
  'no-dns': 'warning',
  'selects-nothing': 'warning',
  'host-network': 'warning',
  'pod-selector-missing': 'warning',
  'namespace-missing': 'warning',
  'peer-selects-nothing': 'warning',
  'port-undeclared': 'warning',
  'empty-list': 'warning',
  'direction-without-rules': 'warning',
  'rules-ignored': 'warning',
  'other-policy-kind': 'warning',
  'split-peer': 'note',
  'block-covers-pods': 'note',
  'ports-overlap': 'note',
  'host-bits': 'note',
} as const satisfies Readonly<Record<string, Severity>>;

export type FindingCode = keyof typeof SEVERITY;

/** A mistake or a surprise in a policy. */
export interface Finding {
  readonly code: FindingCode;
  readonly policy: PolicyKey;
  /** What it is about; may be missing from the policy, if that is the point. */
  readonly field: FieldPath;
  readonly message: string;
  /** What to do about it. */
  readonly suggestion: string;
}
