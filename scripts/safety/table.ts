import type { IptablesBackend } from '../../src/lab/settings.ts';
import type { Finding, Row } from './row.ts';

export interface Proof {
  readonly row: Row;
  readonly findings: Readonly<Partial<Record<IptablesBackend, readonly Finding[]>>>;
}

const cell = (finding: Finding | undefined): string =>
  finding === undefined ? '' : `${finding.value}${finding.met === false ? ' **missed**' : ''}`;

const section = ({ row, findings }: Proof): readonly string[] => {
  const backends = Object.keys(findings) as readonly IptablesBackend[];
  const first = Object.values(findings)[0] ?? [];
  return [
    `### ${row.name}: ${row.about}`,
    '',
    `| | goal | ${backends.map((backend) => `iptables-${backend}`).join(' | ')} |`,
    `|---|---|${'---|'.repeat(backends.length)}`,
    ...first.map(
      ({ what, goal = '' }, at) =>
        `| ${what} | ${goal} | ${backends.map((backend) => cell(findings[backend]?.[at])).join(' | ')} |`,
    ),
    '',
  ];
};

/** Formats the proofs as Markdown. */
export const proofTable = (proofs: readonly Proof[]): string => proofs.flatMap(section).join('\n');
