import type { PolicyKey } from '../../model/policy-object.ts';
import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import { formatProblem } from '../../cluster/manifest/place.ts';
import { formatField } from '../../model/field-path.ts';
import type { PolicyFault } from '../../policy/fault.ts';

/** Describes faults of policies, with the file and line of what a person wrote. */
export const describeFaults = (
  faults: readonly PolicyFault[],
  origins: ReadonlyMap<PolicyKey, ManifestObject>,
): readonly string[] =>
  faults.map(({ policy, field, message }) => {
    const origin = origins.get(policy);
    const object = `NetworkPolicy ${policy}`;
    const consequence = 'its pods stay isolated and it allows nothing';
    const where = { object, field: formatField(field), message: `${message} (${consequence})` };
    return origin === undefined
      ? `${object}: ${where.field}: ${where.message}`
      : formatProblem({ ...origin.locate(field), ...where });
  });
