import { DIRECTIONS, type Direction } from '../model/direction.ts';
import type { FieldPath } from '../model/field-path.ts';
import type { ParsedPolicy, RuleSpec } from '../policy/parsed.ts';

/** Names of the fields that rules of a direction have. */
export const PEER_FIELD: Readonly<Record<Direction, 'from' | 'to'>> = { ingress: 'from', egress: 'to' };

/** A direction as `spec.policyTypes` spells it. */
export const POLICY_TYPE: Readonly<Record<Direction, string>> = { ingress: 'Ingress', egress: 'Egress' };

/** A rule and where it stands. */
export interface PlacedRule {
  readonly direction: Direction;
  readonly rule: RuleSpec;
  readonly field: FieldPath;
  /** Where its `from` or `to` stands. */
  readonly peersField: FieldPath;
  readonly portsField: FieldPath;
}

/** All rules of a policy. */
export const rulesOf = ({ rules }: ParsedPolicy): readonly PlacedRule[] =>
  DIRECTIONS.flatMap((direction) =>
    rules[direction].map((rule, index) => {
      const field = ['spec', direction, index];
      return { direction, rule, field, peersField: [...field, PEER_FIELD[direction]], portsField: [...field, 'ports'] };
    }),
  );
