import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { fillTemplate } from '../../scripts/krew/fill-template.ts';

const TEMPLATE = readFileSync(new URL('../../krew/portcullis.template.yaml', import.meta.url), 'utf8');
const VALUES = {
  VERSION: '1.2.3',
  HOMEPAGE: 'https://example.org',
  OS: 'linux',
  ARCH: 'amd64',
  URI: 'https://example.org/a.tar.gz',
  SHA256: 'ab'.repeat(32),
};

describe("Krew's manifest", () => {
  test('the filled template has the fields that Krew requires, and no hash of its own', () => {
    expect(TEMPLATE).not.toMatch(/[\da-f]{64}/);
    const { metadata, spec } = parse(fillTemplate(TEMPLATE, VALUES)) as {
      metadata: { name: string };
      spec: { version: string; shortDescription: string; platforms: object[] };
    };
    expect(metadata.name).toBe('portcullis');
    expect(spec.version).toBe('v1.2.3');
    // Krew's own limit for the list of plugins.
    expect(spec.shortDescription.length).toBeLessThanOrEqual(50);
    expect(spec.platforms).toEqual([
      {
        selector: { matchLabels: { os: 'linux', arch: 'amd64' } },
        uri: VALUES.URI,
        sha256: VALUES.SHA256,
        bin: 'bin/portcullis',
      },
    ]);
  });

  test('a value that is missing, and one that is not used, is an error', () => {
    expect(() => fillTemplate('{A}', {})).toThrow('{A}');
    expect(() => fillTemplate('', { A: '1' })).toThrow('does not use A');
  });
});
