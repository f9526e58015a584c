import { DIRECTIONS, type Direction, PEER_FIELD } from '../model/direction.ts';
import type { FieldPath } from '../model/field-path.ts';
import type { ParsedPolicy, RuleSpec } from '../policy/parsed.ts';

/** The direction's value in `spec.policyTypes`. */
export const POLICY_TYPE: Readonly<Record<Direction, string>> = { ingress: 'Ingress', egress: 'Egress' };

/** A rule and its path. */
export interface PlacedRule {
  readonly direction: Direction;
  readonly rule: RuleSpec;
  readonly field: FieldPath;
  /** The path of its `from` or `to`. */
  readonly peersField: FieldPath;
  readonly portsField: FieldPath;
}

/** Returns all rules of a policy. */
export const rulesOf = ({ rules }: ParsedPolicy): readonly PlacedRule[] =>
  DIRECTIONS.flatMap((direction) =>
    rules[direction].map((rule, index) => {
      const field = ['spec', direction, index];
      return { direction, rule, field, peersField: [...field, PEER_FIELD[direction]], portsField: [...field, 'ports'] };
    }),
  );
