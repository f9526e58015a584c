import type { Severity } from '../../check/finding.ts';
import { count } from '../../check/words.ts';
import { printable } from '../../model/printable.ts';
import type { PlacedFinding } from './placed-finding.ts';

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

export interface CheckReport {
  readonly findings: readonly PlacedFinding[];
  readonly policies: number;
  readonly counts: Readonly<Record<Severity, number>>;
}

export const toReport = (findings: readonly PlacedFinding[], policies: number): CheckReport => {
  const counted = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  return {
    findings,
    policies,
    counts: { error: counted('error'), warning: counted('warning'), note: counted('note') },
  };
};

const describeFinding = (finding: PlacedFinding): readonly string[] => {
  const { file, line, column, severity, object, field, message, code, suggestion } = finding;
  const told = [`${file}:${line}:${column}`, severity, object, field, `${message} [${code}]`];
  return [
    printable(told.filter((part) => part !== undefined).join(': ')),
    ...(suggestion === undefined ? [] : [`    ${printable(suggestion)}`]),
  ];
};

/** The findings as compilers print them, and a line that sums up. */
export const describeReport = ({ findings, policies, counts }: CheckReport): string => {
  const found = SEVERITIES.filter((severity) => counts[severity] > 0).map((severity) =>
    count(counts[severity], severity),
  );
  const sum = `${count(policies, 'policy')} checked: ${found.join(', ') || 'nothing found'}`;
  return [...findings.flatMap(describeFinding), sum].join('\n');
};
