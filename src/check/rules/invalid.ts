import type { FieldPath } from '../../model/field-path.ts';
import { parseAddress } from '../../policy/cidr.ts';
import type { CheckRule } from '../rule.ts';
import { writtenAt } from '../written.ts';

const WORDS = ['TCP', 'UDP', 'SCTP', 'Ingress', 'Egress', 'In', 'NotIn', 'Exists', 'DoesNotExist'];

/** Where nothing better can be said. */
const REPAIR = 'repair it: the API server refuses it, and where it is enforced from a folder it allows nothing';

const lastName = (field: FieldPath): string => String(field.findLast((step) => typeof step === 'string'));

/** What was probably meant, where that can be told from what was written. */
const guess = (field: FieldPath, written: unknown, root: unknown): string | undefined => {
  const name = lastName(field);
  if (name === 'endPort' && typeof written === 'number') {
    const port = writtenAt(root, [...field.slice(0, -1), 'port']);
    return typeof port === 'number' && written < port ? `write port: ${written} and endPort: ${port}` : undefined;
  }
  if (typeof written !== 'string') return undefined;
  if (name === 'port' && /^\d+$/.test(written)) return `write ${written} without quotes`;
  if (name === 'cidr' || name === 'except') {
    const address = parseAddress(written);
    return address === undefined ? undefined : `write ${written}/${address.prefix} for this one address`;
  }
  const word = WORDS.find((known) => known.toLowerCase() === written.toLowerCase());
  return word === undefined || word === written ? undefined : `write ${word}`;
};

/** Everything that the API server would refuse. */
export const findInvalid: CheckRule = ({ spec, parsed }) =>
  parsed.faults.map(({ field, message }) => {
    const root = { spec };
    return { code: 'invalid', field, message, suggestion: guess(field, writtenAt(root, field), root) ?? REPAIR };
  });
