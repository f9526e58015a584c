import type { ConditionReason } from '../../../src/cluster/condition/reasons.ts';

/** What each surface says while a fault lasts. All of them are read from a running agent. */
export interface Told {
  /** The code of `GET /readyz`. */
  readonly readyz: 200 | 503;
  /** A sample of `/metrics` that is there during the fault alone; of a counter its series, which grows. */
  readonly metric: string;
  /** The reason of the condition of the pod that the fault concerns, or of every pod of the node. */
  readonly condition: ConditionReason;
  /** The reason of the Event; absent: the API server cannot be reached, or does not need to know. */
  readonly event?: string;
  /** The message of a line of the log. */
  readonly log: string;
  /** A field of `/status` or of `portcullis status -o json`, as a path with dots. */
  readonly status: string;
  /** A text in that field, if it says more than one thing. */
  readonly detail?: string;
}

/** What tells that the fault is over, besides that the surfaces say again what they said before. */
export interface End {
  readonly event?: string;
  /** The message of a line of the log. */
  readonly log: string;
}

/** A row of docs/faults.md, with what an operator sees of it. */
export interface ToldFault {
  /** The first column of the row. */
  readonly fault: string;
  /** `nothing`: policy holds and nobody has to act. */
  readonly told: Told | 'nothing';
  /** Absent: what told the fault told its repair too. */
  readonly end?: End;
  /** `here`: test/api/told.test.ts makes the fault. Otherwise what shows it, and why that test does not make it. */
  readonly shown: 'here' | { readonly by: string; readonly because: string };
}

/** Reports whether a metric of a fault is a counter. */
export const isCounter = (metric: string): boolean => metric.endsWith('_total') || metric.includes('_total{');

const code = (text: string): string => `\`${text}\``;
const listed = (texts: readonly (string | undefined)[], spell: (text: string) => string): string =>
  texts
    .filter((text) => text !== undefined)
    .map(spell)
    .join('; ') || '–';

/** The columns of a fault after its name: `/readyz`, metric, condition, Events, log, status. */
const columnsOf = ({ told, end }: ToldFault): readonly string[] =>
  told === 'nothing'
    ? ['200', '–', code('PoliciesInForce'), '–', '–', '–']
    : [
        String(told.readyz),
        // A sample without its value.
        code(told.metric.replace(/ \S+$/, '')),
        code(told.condition),
        listed([told.event, end?.event], code),
        listed([told.log, end?.log], (text) => text),
        code(told.status),
      ];

const row = (fault: ToldFault): string => {
  const { shown } = fault;
  const by = shown === 'here' ? '`test/api/told.test.ts`' : `${shown.by}: ${shown.because}`;
  return `| ${[fault.fault, ...columnsOf(fault), by].join(' | ')} |\n`;
};

/** Returns the table of docs/faults.md that says how each fault is reported. */
export const toldTable = (faults: readonly ToldFault[]): string =>
  [
    '| Fault | `/readyz` | Metric | Condition | Events | Log | Status | Shown by |\n',
    '|---|---|---|---|---|---|---|---|\n',
    ...faults.map(row),
  ].join('');
