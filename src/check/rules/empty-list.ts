import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';
import { writtenAt } from '../written.ts';

/** `[]`, or the field's name with nothing below it. */
const isEmptyList = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0);

/** Finds empty lists of peers or ports, which look like "none" and mean "any". */
export const findEmptyLists: CheckRule = ({ spec, parsed }) =>
  rulesOf(parsed).flatMap(({ peersField, portsField }) =>
    [
      { field: peersField, means: 'everyone' },
      { field: portsField, means: 'every port' },
    ]
      .filter(({ field }) => isEmptyList(writtenAt({ spec }, field)))
      .map(
        ({ field, means }): Observation => ({
          code: 'empty-list',
          field,
          message: `an empty list does not mean none: it allows ${means}`,
          suggestion: `leave the field out if ${means} is meant; to allow none, remove the whole rule`,
        }),
      ),
  );
