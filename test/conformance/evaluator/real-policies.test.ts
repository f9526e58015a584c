import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readManifest } from '../../../src/cluster/manifest/read-manifest.ts';
import { policyKey } from '../../../src/model/policy-object.ts';
import { parsePolicy } from '../../../src/policy/parse-policy.ts';
import { corpusRoot } from '../../support/corpus.ts';
import { recordCorpus } from '../../support/record-corpus.ts';

const FILES = 131;
const POLICIES = 134;

const root = corpusRoot();

describe('policies of real projects', () => {
  if (root === undefined) {
    test('real policies are left out, because the corpus is not on this machine', () => {
      recordCorpus('realworld', 'compiler', 'left out');
      expect(root).toBeUndefined();
    });
    return;
  }
  const folder = join(root, 'realworld');
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  let compiled = 0;

  test('the corpus of real policies has every expected file', () => {
    expect(files).toHaveLength(FILES);
  });

  test.each(files)('the policies in %s are valid', (file) => {
    const { objects, problems } = readManifest(readFileSync(join(folder, file), 'utf8'), file);
    const policies = objects.filter(({ use }) => use === 'policy');
    expect(problems).toEqual([]);
    expect(policies).not.toHaveLength(0);
    for (const { namespace, name, raw } of policies) {
      expect(parsePolicy({ key: policyKey(namespace, name), namespace, name, spec: raw['spec'] }).faults).toEqual([]);
      compiled += 1;
    }
  });

  test('the corpus of real policies has every expected policy', () => {
    expect(compiled).toBe(POLICIES);
  });

  afterAll(() => {
    recordCorpus('realworld', 'compiler', { passed: compiled, of: POLICIES });
  });
});
