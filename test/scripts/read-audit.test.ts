import { expect, test } from '@jest/globals';
import { readAudit } from '../../scripts/audit/read-audit.ts';

/** Output of npm 11. */
const report = (vulnerabilities: object): string =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities,
    metadata: {
      vulnerabilities: { total: Object.keys(vulnerabilities).length },
      dependencies: { prod: 126, dev: 500 },
    },
  });

const ADVISORY = {
  source: 1,
  name: 'qs',
  dependency: 'qs',
  title: 'Prototype pollution',
  url: 'https://github.com/advisories/GHSA-0000',
  severity: 'low',
  range: '<6.10.3',
};

test('an audit without a known vulnerability is clean', () => {
  expect(readAudit(report({}))).toEqual({ kind: 'clean', packages: 126 });
});

test('a known vulnerability of any severity is reported with the packages that bring it in', () => {
  const text = report({
    qs: {
      name: 'qs',
      severity: 'low',
      isDirect: false,
      via: [ADVISORY],
      effects: ['web'],
      range: '<6.10.3',
      fixAvailable: true,
    },
    web: { name: 'web', severity: 'low', isDirect: true, via: ['qs'], effects: [], range: '1.0.0', fixAvailable: true },
  });
  expect(readAudit(text)).toEqual({
    kind: 'vulnerable',
    found: [
      {
        package: 'qs',
        range: '<6.10.3',
        severity: 'low',
        advisories: ['Prototype pollution (https://github.com/advisories/GHSA-0000)'],
      },
      { package: 'web', range: '1.0.0', severity: 'low', advisories: [] },
    ],
  });
});

test.each([
  [
    'a registry without that endpoint',
    {
      message: '405 Method Not Allowed - POST https://registry/-/npm/v1/security/advisories/bulk',
      error: { summary: '' },
    },
    '405 Method Not Allowed - POST https://registry/-/npm/v1/security/advisories/bulk',
  ],
  [
    'no network',
    { error: { code: 'ENOTFOUND', summary: 'getaddrinfo ENOTFOUND registry' } },
    'getaddrinfo ENOTFOUND registry',
  ],
  ['an answer of another form', { vulnerabilities: [] }, 'npm audit did not answer'],
])('an audit with %s says nothing about the packages', (_, answer, reason) => {
  expect(readAudit(JSON.stringify(answer))).toEqual({ kind: 'not done', reason });
});

test.each(['', 'npm error', 'null'])('an audit with %j says nothing about the packages', (text) => {
  expect(readAudit(text)).toEqual({ kind: 'not done', reason: 'npm audit did not answer' });
});
