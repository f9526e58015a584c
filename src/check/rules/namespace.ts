import type { CheckRule } from '../rule.ts';
import { isSystemNamespace } from '../subject.ts';
import { listFew } from '../words.ts';

/** A policy in a namespace that the input, which has others, does not have. */
export const findMissingNamespace: CheckRule = ({ parsed: { namespace } }, { declared }) =>
  declared.length === 0 || declared.includes(namespace) || isSystemNamespace(namespace)
    ? []
    : [
        {
          code: 'namespace-missing',
          field: ['metadata', 'namespace'],
          message: `namespace ${namespace} is not among the manifests`,
          suggestion: `correct the name, or add the Namespace; there are: ${listFew(declared, 8)}`,
        },
      ];
