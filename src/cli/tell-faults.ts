import type { LoadedManifests } from '../cluster/manifest/assemble.ts';
import { formatProblem } from '../cluster/manifest/place.ts';
import { formatField } from '../model/field-path.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { CliIo } from './verb.ts';

/** Prints the policies' faults on standard error, with file and line. */
export const tellFaults = (
  faults: readonly PolicyFault[],
  { policyOrigins }: Pick<LoadedManifests, 'policyOrigins'>,
  io: CliIo,
): void => {
  for (const { policy, field, message } of faults) {
    const place = policyOrigins.get(policy)?.locate(field);
    if (place === undefined) continue;
    const problem = { ...place, object: `NetworkPolicy ${policy}`, field: formatField(field), message };
    io.err(`${formatProblem(problem)}; the policy allows nothing\n`);
  }
};
