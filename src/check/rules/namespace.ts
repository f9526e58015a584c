import { describeSelector, selects } from '../../policy/selector.ts';
import type { CheckRule } from '../rule.ts';
import { isSystemNamespace } from '../subject.ts';
import { closest, listFew } from '../words.ts';
import { writtenAt } from '../written.ts';

/** Finds policies in a namespace that is missing from the input, though the input has others. */
export const findMissingNamespace: CheckRule = ({ parsed: { namespace } }, { declared }) => {
  if (declared.length === 0 || declared.includes(namespace) || isSystemNamespace(namespace)) return [];
  const typed = closest(namespace, declared);
  return [
    {
      code: 'namespace-missing',
      field: ['metadata', 'namespace'],
      message: `namespace ${namespace} is not among the manifests${typed === undefined ? '' : `; did you mean ${typed}?`}`,
      suggestion: `correct the name, or add the Namespace; there are: ${listFew(declared, 8)}`,
    },
  ];
};

/** Finds policies without a namespace whose pods are in another one than the default. */
export const findUnsetNamespace: CheckRule = ({ written, parsed, pods }, cluster) => {
  const { metadata } = written;
  const isSet = metadata === undefined || typeof writtenAt(metadata, ['namespace']) === 'string';
  if (isSet || pods.length > 0 || parsed.podSelector.requirements.length === 0) return [];
  const elsewhere = cluster.pods.filter(({ labels }) => selects(parsed.podSelector, labels));
  const names = [...new Set(elsewhere.map(({ namespace }) => namespace))].sort();
  const [only] = names;
  if (only === undefined) return [];
  return [
    {
      code: 'namespace-unset',
      field: ['metadata', 'namespace'],
      message: `is missing, so the policy is in namespace ${parsed.namespace}; pods with ${describeSelector(parsed.podSelector)} are in ${listFew(names)}`,
      suggestion: `write namespace: ${only}, or check with -n ${only} and apply with kubectl -n ${only}`,
    },
  ];
};
