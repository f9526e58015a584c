import { expect, test } from '@jest/globals';
import { relative } from 'node:path';
import { SEVERITY } from '../../../src/check/finding.ts';
import { toAnnotations } from '../../../src/cli/check/annotations.ts';
import { toSarif } from '../../../src/cli/check/sarif.ts';
import { runVerbs } from '../../support/run-verbs.ts';

const HERE = relative(process.cwd(), import.meta.dirname);

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region: { readonly startLine: number; readonly startColumn: number };
        };
      }[];
    }[];
  }[];
}

test('SARIF has a rule for every code, and each finding in its place', async () => {
  const { code, out } = await runVerbs('check', `${HERE}/surprises.yaml`, '-o', 'sarif');
  expect(code).toBe(0);
  const { version, runs } = JSON.parse(out) as Sarif;
  const rules = runs[0]?.tool.driver.rules.map(({ id }) => id) ?? [];
  const results = runs[0]?.results ?? [];
  expect(version).toBe('2.1.0');
  expect(rules.toSorted()).toEqual(['manifest', 'no-manifest', ...Object.keys(SEVERITY)].toSorted());
  expect(results.length).toBeGreaterThan(10);
  for (const { ruleId, ruleIndex, level, locations } of results) {
    expect(rules[ruleIndex]).toBe(ruleId);
    expect(['error', 'warning', 'note']).toContain(level);
    const place = locations[0]?.physicalLocation;
    expect(place?.artifactLocation.uri).toBe(`${HERE}/surprises.yaml`);
    expect(place?.region.startLine).toBeGreaterThan(1);
  }
});

test('SARIF names files by URIs, whatever is in their names', () => {
  const found = { severity: 'note', code: 'no-dns', line: 1, column: 1, message: 'm' } as const;
  const uriOf = (file: string) =>
    (toSarif([{ ...found, file }], '1.0.0') as Sarif).runs[0]?.results[0]?.locations[0]?.physicalLocation
      .artifactLocation.uri;
  expect([uriOf('a b/c#d.yaml'), uriOf('/etc/x.yaml')]).toEqual(['a%20b/c%23d.yaml', 'file:///etc/x.yaml']);
});

test('annotations of GitHub are one line each, and no text of a manifest forges one', () => {
  const annotation = toAnnotations([
    {
      severity: 'warning',
      code: 'no-dns',
      file: 'a,b:c.yaml',
      line: 3,
      column: 7,
      object: 'NetworkPolicy shop/web',
      field: 'spec',
      message: '100%\n::error::forged',
      suggestion: 'do this',
    },
  ]);
  expect(annotation).toBe(
    '::warning file=a%2Cb%3Ac.yaml,line=3,col=7,title=no-dns::NetworkPolicy shop/web: spec: 100%25\\u{a}::error::forged%0Ado this\n',
  );
});

test('annotations of GitHub are all that is printed', async () => {
  const { out } = await runVerbs('check', `${HERE}/surprises.yaml`, '-o', 'github');
  const lines = out.trimEnd().split('\n');
  expect(lines.filter((line) => !/^::(?:error|warning|notice) file=/.test(line))).toEqual([]);
  expect(lines.length).toBeGreaterThan(10);
});
