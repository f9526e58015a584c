import type { FieldPath } from '../../model/field-path.ts';
import type { LabelRequirement, LabelSelector } from '../../model/labels.ts';
import { describeSelector } from '../../policy/selector.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';
import { NAME_LABEL } from '../../model/namespace.ts';
import type { ParsedPolicy } from '../../policy/parsed.ts';

interface PlacedSelector {
  readonly selector: LabelSelector;
  readonly field: FieldPath;
  readonly of: 'pods' | 'namespaces';
}

const selectorsOf = (parsed: ParsedPolicy): readonly PlacedSelector[] => [
  { selector: parsed.podSelector, field: ['spec', 'podSelector'], of: 'pods' },
  ...rulesOf(parsed).flatMap(({ rule, peersField }) =>
    (rule.peers === 'any' ? [] : rule.peers).flatMap((peer, index): readonly PlacedSelector[] => {
      if (peer.kind !== 'pods') return [];
      const { podSelector, namespaceSelector } = peer;
      const field = [...peersField, index];
      return [
        ...(podSelector === undefined
          ? []
          : [{ selector: podSelector, field: [...field, 'podSelector'], of: 'pods' as const }]),
        ...(namespaceSelector === undefined
          ? []
          : [{ selector: namespaceSelector, field: [...field, 'namespaceSelector'], of: 'namespaces' as const }]),
      ];
    }),
  ),
];

/** Whether no labels can meet all the requirements on one key. */
const isImpossible = (requirements: readonly LabelRequirement[]): boolean => {
  const within = requirements.filter(({ operator }) => operator === 'In');
  const needsKey = within.length > 0 || requirements.some(({ operator }) => operator === 'Exists');
  if (needsKey && requirements.some(({ operator }) => operator === 'DoesNotExist')) return true;
  const [first] = within;
  if (first === undefined) return false;
  const left = first.values.filter(
    (value) =>
      within.every(({ values }) => values.includes(value)) &&
      !requirements.some(({ operator, values }) => operator === 'NotIn' && values.includes(value)),
  );
  return left.length === 0;
};

/** Selectors that no labels can meet. */
export const findContradictions: CheckRule = ({ parsed }) =>
  selectorsOf(parsed).flatMap(({ selector, field, of }) =>
    [...Map.groupBy(selector.requirements, ({ key }) => key)].flatMap(([key, requirements]): readonly Observation[] =>
      isImpossible(requirements)
        ? [
            {
              code: 'selector-contradicts',
              field,
              message: `can select no ${of}: ${describeSelector({ requirements })} contradict each other`,
              suggestion: `all requirements must hold at once; for one of several values of ${key}, write one expression with operator In`,
            },
          ]
        : [],
    ),
  );

/** The label that the API server sets on namespaces, asked of pods. */
export const findNamespaceLabels: CheckRule = ({ parsed }, { pods }) =>
  selectorsOf(parsed).flatMap(({ selector, field, of }): readonly Observation[] => {
    const asked = selector.requirements.find(({ key, operator }) => key === NAME_LABEL && operator === 'In');
    if (of !== 'pods' || asked === undefined || pods.some(({ labels }) => labels.has(NAME_LABEL))) return [];
    return [
      {
        code: 'namespace-label',
        field,
        message: `asks pods for ${describeSelector({ requirements: [asked] })}, a label that Kubernetes puts on namespaces`,
        suggestion:
          field[1] === 'podSelector'
            ? 'a policy selects pods of its own namespace: write that into metadata.namespace'
            : 'write it under namespaceSelector, in the same entry',
      },
    ];
  });
