import type { PolicyKey } from '../model/policy-object.ts';
import type { FieldPath } from '../model/field-path.ts';

/**
 * `error`: kubectl or the API server refuses the policy, or the agent enforces it as one that allows nothing. `warning`: a
 * likely mistake. `note`: may well be intended.
 */
export type Severity = 'error' | 'warning' | 'note';

/** The kinds of findings. The codes are stable: scripts and people refer to them. docs/check.md explains each. */
export const SEVERITY = {
  invalid: 'error',
  'unknown-field': 'error',
  'too-large': 'error',
  'host-bits': 'error',
  'leading-zeros': 'error',
  'no-dns': 'warning',
  'dns-elsewhere': 'warning',
  'dns-tcp-only': 'warning',
  'dns-closed': 'warning',
  'selects-nothing': 'warning',
  'host-network': 'warning',
  'pod-selector-missing': 'warning',
  'selector-contradicts': 'warning',
  'namespace-missing': 'warning',
  'namespace-unset': 'warning',
  'peer-selects-nothing': 'warning',
  'namespace-label': 'warning',
  'port-undeclared': 'warning',
  'service-port': 'warning',
  'service-address': 'warning',
  'empty-list': 'warning',
  'direction-without-rules': 'warning',
  'rules-ignored': 'warning',
  'deny-allows': 'warning',
  'egress-open': 'warning',
  'split-rule': 'warning',
  'shadowed-rule': 'warning',
  'except-undone': 'warning',
  'block-unreachable': 'warning',
  'other-policy-kind': 'warning',
  'split-peer': 'note',
  'node-local-dns': 'note',
  'block-covers-pods': 'note',
  'ports-overlap': 'note',
  'peers-overlap': 'note',
  'duplicate-rule': 'note',
  'duplicate-policy': 'note',
  'port-number-undeclared': 'note',
} as const satisfies Readonly<Record<string, Severity>>;

export type FindingCode = keyof typeof SEVERITY;

/** A change of a manifest's text that certainly repairs a finding: there is no doubt about the policy's intention. */
export type Repair =
  /** Replaces the value of a field. */
  | { readonly kind: 'value'; readonly field: FieldPath; readonly value: string | number }
  /** Replaces the key of a field. */
  | { readonly kind: 'key'; readonly field: FieldPath; readonly key: string }
  /** Removes an item from a list. */
  | { readonly kind: 'remove'; readonly field: FieldPath }
  /** Changes the indentation of a field, so that it belongs to the object at `parent`. */
  | { readonly kind: 'move'; readonly field: FieldPath; readonly parent: FieldPath };

/** A mistake or a surprise in a policy. */
export interface Finding {
  readonly code: FindingCode;
  readonly policy: PolicyKey;
  /** The field that has the mistake, or that is missing. */
  readonly field: FieldPath;
  readonly message: string;
  /** How to repair it. */
  readonly suggestion: string;
  /** Absent if the user must choose the repair. All of them belong together. */
  readonly repairs?: readonly Repair[];
}
