import { type FieldPath, formatField } from '../../model/field-path.ts';
import { formatCidr, parseAddress, parseCidr } from '../../policy/cidr.ts';
import type { Repair } from '../finding.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { writtenAt } from '../written.ts';
import { findUnknownFields } from './unknown-field.ts';

const WORDS = ['TCP', 'UDP', 'SCTP', 'Ingress', 'Egress', 'In', 'NotIn', 'Exists', 'DoesNotExist'];

/** The suggestion if there is no better one. */
const REPAIR = 'repair it: the API server refuses it, and where it is enforced from a folder it allows nothing';

/** The probable intention, and the repair if that is certain. */
interface Guess {
  readonly suggestion: string;
  readonly repairs?: readonly Repair[];
}

const lastName = (field: FieldPath): string => String(field.findLast((step) => typeof step === 'string'));

const writing = (field: FieldPath, value: string | number, how = ''): Guess => ({
  suggestion: `write ${value}${how}`,
  repairs: [{ kind: 'value', field, value }],
});

const guessAddress = (field: FieldPath, written: string): Guess | undefined => {
  const address = parseAddress(written);
  if (address === undefined) return undefined;
  if (address.base === 0n) {
    return { suggestion: `write ${written}/0 for every address, ${written}/${address.prefix} for this one` };
  }
  return writing(field, `${written}/${address.prefix}`, ' for this one address');
};

const guess = (field: FieldPath, written: unknown, root: unknown): Guess | undefined => {
  if (written === null) {
    return { suggestion: 'write what was meant: the API server takes an empty item for {}, which allows everything' };
  }
  const name = lastName(field);
  if (name === 'endPort' && typeof written === 'number') {
    const portField = [...field.slice(0, -1), 'port'];
    const port = writtenAt(root, portField);
    if (typeof port !== 'number' || written >= port) return undefined;
    return {
      suggestion: `write port: ${written} and endPort: ${port}`,
      repairs: [
        { kind: 'value', field: portField, value: written },
        { kind: 'value', field, value: port },
      ],
    };
  }
  if ((typeof written === 'number' || typeof written === 'boolean') && field.includes('matchLabels')) {
    return { suggestion: 'put the value in quotes: labels are text' };
  }
  if (typeof written !== 'string') return undefined;
  if ((name === 'port' || name === 'endPort') && /^\d+$/.test(written)) {
    return writing(field, Number(written), ' without quotes');
  }
  if (name === 'port' && /^\d+-\d+$/.test(written)) {
    const [port = '', endPort = ''] = written.split('-');
    return { suggestion: `write port: ${port} and endPort: ${endPort}` };
  }
  if (name === 'except' && parseCidr(written) !== undefined) return guessExcept(field, written, root);
  if (name === 'cidr' || name === 'except') return guessAddress(field, written);
  const word = WORDS.find((known) => known.toLowerCase() === written.toLowerCase());
  return word === undefined || word === written ? undefined : writing(field, word);
};

const guessExcept = (field: FieldPath, written: string, root: unknown): Guess | undefined => {
  const cidr = writtenAt(root, [...field.slice(0, -2), 'cidr']);
  const outer = typeof cidr === 'string' ? parseCidr(cidr) : undefined;
  const inner = parseCidr(written);
  if (outer === undefined || inner === undefined || formatCidr(outer) !== formatCidr(inner)) return undefined;
  return { suggestion: 'nothing would be left: remove the whole entry, or except a smaller range' };
};

/** Finds everything that the API server refuses, except unknown fields. */
export const findInvalid: CheckRule = (policy, cluster) => {
  const { spec, parsed } = policy;
  const root = { spec };
  const unknown = new Set(findUnknownFields(policy, cluster).map(({ field }) => formatField(field)));
  return parsed.faults
    .filter(({ field }) => !unknown.has(formatField(field)))
    .map(({ field, message, isTooLarge }): Observation => {
      if (isTooLarge === true) {
        return {
          code: 'too-large',
          field,
          message: `${message}; the API server takes the policy, and Portcullis enforces it as one that allows nothing`,
          suggestion: 'split it, or name peers by fewer selectors and ports by ranges',
        };
      }
      return {
        code: 'invalid',
        field,
        message,
        ...(guess(field, writtenAt(root, field), root) ?? { suggestion: REPAIR }),
      };
    });
};
