import { SEVERITY, type Severity } from '../../check/finding.ts';
import { pageOf } from './page.ts';
import type { PlacedFinding } from './placed-finding.ts';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

const CODES: readonly PlacedFinding['code'][] = [
  'manifest',
  'no-manifest',
  ...(Object.keys(SEVERITY) as (keyof typeof SEVERITY)[]),
];

/** SARIF's names of the severities, which happen to be ours. */
const LEVEL: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'note' };

/** A path as a relative URI, or as an absolute one with its scheme. */
const toUri = (file: string): string => {
  const encoded = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${encoded}` : encoded;
};

const toResult = ({ code, severity, file, line, column, object, field, message, suggestion }: PlacedFinding) => ({
  ruleId: code,
  ruleIndex: CODES.indexOf(code),
  level: LEVEL[severity],
  message: {
    text: [[object, field, message].filter((part) => part !== undefined).join(': '), suggestion]
      .filter((part) => part !== undefined)
      .join('\n'),
  },
  locations: [
    {
      physicalLocation: {
        artifactLocation: { uri: toUri(file) },
        region: { startLine: line, startColumn: column },
      },
      ...(object === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: object, kind: 'object' }] }),
    },
  ],
});

/**
 * The findings as one run of SARIF 2.1.0 (OASIS), which code scanning of GitHub and others read.
 *
 * @param version of this program
 */
export const toSarif = (findings: readonly PlacedFinding[], version: string): unknown => ({
  $schema: SCHEMA,
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'portcullis',
          semanticVersion: version,
          rules: CODES.map((code) => ({
            id: code,
            shortDescription: { text: code.replaceAll('-', ' ') },
            help: { text: `See ${pageOf(code)}` },
          })),
        },
      },
      columnKind: 'utf16CodeUnits',
      results: findings.map(toResult),
    },
  ],
});
