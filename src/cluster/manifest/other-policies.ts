import type { OtherPolicies } from '../../model/other-policies.ts';
import { groupOfOtherPolicy } from '../other-policy-kinds.ts';
import type { ManifestObject } from './manifest-object.ts';

/** Objects of one kind of other projects' policies. */
export interface OtherPolicyObjects extends OtherPolicies {
  readonly count: number;
  readonly first: ManifestObject;
}

/** Returns the policies that Portcullis does not enforce, by kind, sorted. */
export const otherPoliciesIn = (objects: readonly ManifestObject[]): readonly OtherPolicyObjects[] => {
  const found = objects.flatMap((object) => {
    const group = groupOfOtherPolicy(object.apiVersion, object.kind);
    return group === undefined ? [] : [{ object, group }];
  });
  return [...Map.groupBy(found, ({ object, group }) => `${object.kind} ${group}`).entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, same]) => {
      const [first] = same;
      if (first === undefined) return [];
      return [
        {
          kind: first.object.kind,
          group: first.group,
          state: 'stored' as const,
          count: same.length,
          first: first.object,
        },
      ];
    });
};
