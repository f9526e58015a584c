import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { describeObject, type ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import { type OtherPolicyObjects, otherPoliciesIn } from '../../cluster/manifest/other-policies.ts';
import { formatField } from '../../model/field-path.ts';
import { nameOfKind } from '../../model/other-policies.ts';
import { asObject, asText } from '../../cluster/raw.ts';
import type { ManifestProblem } from '../../cluster/manifest/place.ts';
import { type Finding, type FindingCode, SEVERITY, type Severity } from '../../check/finding.ts';

/** A finding with its place in the files, as it is printed. */
export interface PlacedFinding extends ManifestProblem {
  readonly severity: Severity;
  /**
   * `manifest` is what the loader could not take: not YAML, an unknown kind, a bad field of a pod. `no-manifest` is a file of
   * something else in a folder.
   */
  readonly code: FindingCode | 'manifest' | 'no-manifest';
  readonly suggestion?: string;
}

const fromProblem = ({ weight, ...problem }: ManifestProblem): PlacedFinding => ({
  severity: weight ?? 'error',
  code: weight === undefined ? 'manifest' : 'no-manifest',
  ...problem,
});

const fromFinding = ({ code, field, message, suggestion }: Finding, object: ManifestObject): PlacedFinding => ({
  severity: SEVERITY[code],
  code,
  ...object.locate(field),
  object: describeObject(object),
  field: formatField(field),
  message,
  suggestion,
});

/** Each kind once, where the first object of it stands. */
const fromOthers = ({ first, count, ...kind }: OtherPolicyObjects): PlacedFinding => ({
  severity: SEVERITY['other-policy-kind'],
  code: 'other-policy-kind',
  ...first.locate(['kind']),
  // Of a kind without namespaces there is none to be named.
  object: describeObject({ ...first, namespace: asText(asObject(first.raw['metadata'])['namespace']) ?? '' }),
  field: 'kind',
  message: `${nameOfKind(kind)} is neither counted nor enforced${count === 1 ? '' : `, nor are ${count - 1} more of that kind`}`,
  suggestion:
    'only NetworkPolicy (networking.k8s.io) is: say it with that, or leave it to the program that enforces this kind',
});

const byPlace = (a: PlacedFinding, b: PlacedFinding): number => {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
};

/** Returns the findings of the loader and the checks, in the order of the files. Findings of both about one field are merged. */
export const placeFindings = (
  { problems, policyOrigins, ignored }: LoadedManifests,
  findings: readonly Finding[],
): readonly PlacedFinding[] => {
  const told = [...problems.map(fromProblem), ...otherPoliciesIn(ignored).map(fromOthers)];
  const toldFields = new Set(told.map(({ object, field }) => `${object ?? ''} ${field ?? ''}`));
  const placed = findings.flatMap((finding): readonly PlacedFinding[] => {
    const object = policyOrigins.get(finding.policy);
    return object === undefined ? [] : [fromFinding(finding, object)];
  });
  const news = placed.filter(
    ({ code, object, field }) => code !== 'invalid' || !toldFields.has(`${object ?? ''} ${field ?? ''}`),
  );
  return [...told, ...news].sort(byPlace);
};
