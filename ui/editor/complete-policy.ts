import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';

/** The fields that may stand below each field of a NetworkPolicy (networking.k8s.io/v1). */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '': ['apiVersion', 'kind', 'metadata', 'spec'],
  metadata: ['name', 'namespace', 'labels', 'annotations'],
  spec: ['podSelector', 'policyTypes', 'ingress', 'egress'],
  podSelector: ['matchLabels', 'matchExpressions'],
  namespaceSelector: ['matchLabels', 'matchExpressions'],
  matchExpressions: ['key', 'operator', 'values'],
  ingress: ['from', 'ports'],
  egress: ['to', 'ports'],
  from: ['podSelector', 'namespaceSelector', 'ipBlock'],
  to: ['podSelector', 'namespaceSelector', 'ipBlock'],
  ipBlock: ['cidr', 'except'],
  ports: ['protocol', 'port', 'endPort'],
};

const VALUES: Readonly<Record<string, readonly string[]>> = {
  apiVersion: ['networking.k8s.io/v1'],
  kind: ['NetworkPolicy'],
  protocol: ['TCP', 'UDP', 'SCTP'],
  operator: ['In', 'NotIn', 'Exists', 'DoesNotExist'],
  policyTypes: ['[Ingress]', '[Egress]', '[Ingress, Egress]'],
};

const KEY = /^(\s*(?:- )*)([A-Za-z]+):/;

/** Returns the field that a line with this indentation is below; '' at the top. */
const parentOf = (lines: readonly string[], indent: number): string => {
  for (const line of lines.toReversed()) {
    const found = KEY.exec(line);
    if (found === null) continue;
    const [, before = '', key = ''] = found;
    if (before.replaceAll('-', ' ').length < indent) return key;
  }
  return '';
};

/** Completes fields and values of a NetworkPolicy, by what the text above says. */
export const completePolicy = (context: CompletionContext): CompletionResult | null => {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const value = /^\s*(?:- )*([A-Za-z]+): *(\S*)$/.exec(before);
  if (value !== null) {
    const [, key = '', typed = ''] = value;
    const values = VALUES[key];
    return values === undefined
      ? null
      : { from: context.pos - typed.length, options: values.map((label) => ({ label, type: 'constant' })) };
  }
  const field = /^(\s*(?:- )*)([A-Za-z]*)$/.exec(before);
  if (field === null || (field[2] === '' && !context.explicit)) return null;
  const [, space = '', typed = ''] = field;
  const above = context.state.sliceDoc(0, line.from).split('\n');
  const parent = parentOf(above, space.length);
  const fields = FIELDS[parent] ?? FIELDS[parent === 'matchLabels' ? 'none' : parent];
  return fields === undefined
    ? null
    : {
        from: context.pos - typed.length,
        options: fields.map((label) => ({ label, type: 'property', apply: `${label}: ` })),
      };
};
