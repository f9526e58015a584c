import { isNode, LineCounter, parseAllDocuments, stringify, type Document } from 'yaml';
import { checkPolicies } from '../../src/check/check-policies.ts';
import { type Finding, SEVERITY } from '../../src/check/finding.ts';
import { toCheckedCluster } from '../../src/check/subject.ts';
import { formatField } from '../../src/model/field-path.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { type PageCluster, toPolicy } from '../../src/page/cluster.ts';
import type { DrawnPicture } from '../../src/page/picture.ts';
import type { EditAnswer, EditRemark } from '../../src/page/questions.ts';
import { compareEdit, withPolicies } from '../../src/page/what-if.ts';

/** Larger texts than etcd takes are no policies. */
const MAX_TEXT = 1_500_000;

/** Returns a manifest as YAML. */
export const toYaml = (manifest: unknown): string =>
  stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 }).trimEnd();

interface Written {
  readonly document: Document;
  readonly policy: PolicyObject;
  readonly whole: Readonly<Record<string, unknown>>;
}

const asPlain = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const problem = (message: string, from: number, to: number): EditRemark => ({
  severity: 'error',
  code: 'manifest',
  field: '',
  message,
  suggestion: 'correct the text',
  from,
  to,
});

const policyOf = (document: Document): Written | string => {
  const whole = asPlain(document.toJS({ maxAliasCount: 100 }));
  const metadata = asPlain(whole['metadata']);
  const { name, namespace = 'default' } = metadata;
  if (whole['kind'] !== 'NetworkPolicy') return 'kind: not NetworkPolicy';
  if (typeof name !== 'string' || name === '') return 'metadata.name: is missing';
  if (typeof namespace !== 'string') return 'metadata.namespace: not a text';
  return { document, whole, policy: toPolicy(namespace, name, whole['spec']) };
};

const startOf = ({ range }: Document): number => range?.[0] ?? 0;

/** The place of a field in the text, or of the nearest part above it that is written. */
const rangeOf = (document: Document, field: Finding['field']): readonly [number, number] => {
  for (let length = field.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(field.slice(0, length), true);
    if (isNode(node) && node.range !== undefined && node.range !== null) return [node.range[0], node.range[1]];
  }
  const from = startOf(document);
  return [from, from + 1];
};

/** Returns the text with the repairs of a finding; undefined where they cannot be made in the text alone. */
const repairedText = (text: string, { repairs = [] }: Finding, at: number): string | undefined => {
  if (repairs.length === 0) return undefined;
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return undefined;
  const document = (documents as readonly Document[])[at];
  if (document === undefined) return undefined;
  for (const repair of repairs) {
    const value: unknown = document.getIn(repair.field, true);
    if (repair.kind === 'value') document.setIn(repair.field, repair.value);
    else document.deleteIn(repair.field);
    if (repair.kind === 'key') document.setIn([...repair.field.slice(0, -1), repair.key], value);
    if (repair.kind === 'move') document.setIn([...repair.parent, repair.field.at(-1)], value);
  }
  return (documents as readonly Document[]).map((each) => each.toString()).join('---\n');
};

const remarkOf = (finding: Finding, written: readonly Written[], text: string): readonly EditRemark[] => {
  const at = written.findIndex(({ policy }) => policy.key === finding.policy);
  const own = written[at];
  if (own === undefined) return [];
  const [from, to] = rangeOf(own.document, finding.field);
  const repaired = repairedText(text, finding, at);
  return [
    {
      severity: SEVERITY[finding.code],
      code: finding.code,
      field: formatField(finding.field),
      message: finding.message,
      suggestion: finding.suggestion,
      from,
      to,
      ...(repaired === undefined ? {} : { repaired }),
    },
  ];
};

/** Reads policies that somebody edits: what is wrong with them, and what they would open and close. */
export const readEdit = (text: string, cluster: PageCluster, before: DrawnPicture): EditAnswer => {
  if (text.length > MAX_TEXT) return { remarks: [problem(`longer than ${MAX_TEXT} characters`, 0, 1)] };
  const documents = parseAllDocuments(text, { lineCounter: new LineCounter() });
  const all = (Array.isArray(documents) ? documents : []) as readonly Document[];
  const errors = all.flatMap(({ errors: own }) =>
    own.map(({ message, pos }) => problem(message.split('\n')[0] ?? '', pos[0], pos[1])),
  );
  if (errors.length > 0) return { remarks: errors };
  const read = all
    .filter(({ contents }) => contents !== null)
    .map((document) => ({ document, policy: policyOf(document) }));
  const wrong = read.flatMap(({ document, policy }) =>
    typeof policy === 'string' ? [problem(policy, startOf(document), startOf(document) + 1)] : [],
  );
  const written = read.flatMap(({ policy }) => (typeof policy === 'string' ? [] : [policy]));
  if (wrong.length > 0 || written.length === 0) {
    return { remarks: wrong.length > 0 ? wrong : [problem('there is no NetworkPolicy in the text', 0, 1)] };
  }
  const policies = written.map(({ policy }) => policy);
  const wholes = new Map(written.map(({ policy, whole }) => [policy.key, whole] as const));
  const { snapshot } = withPolicies(cluster, policies);
  const findings = checkPolicies(toCheckedCluster(snapshot, { written: (key) => wholes.get(key) }));
  return {
    remarks: findings.flatMap((finding) => remarkOf(finding, written, text)),
    effect: compareEdit(before, cluster, policies),
  };
};
