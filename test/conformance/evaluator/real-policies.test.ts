import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { loadManifests } from '../../../src/cluster/manifest/load-manifests.ts';
import { parsePolicy } from '../../../src/policy/parse-policy.ts';
import { corpusRoot } from '../../support/corpus.ts';
import { recordCorpus } from '../../support/record-corpus.ts';

const FILES = 131;
const POLICIES = 134;

const root = corpusRoot();

describe('policies of real projects', () => {
  if (root === undefined) {
    test('left out: the corpus is not on this machine', () => {
      recordCorpus('realworld', 'compiler', 'left out');
      expect(root).toBeUndefined();
    });
    return;
  }
  const folder = join(root, 'realworld');
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  let compiled = 0;

  test('holds every file', () => {
    expect(files).toHaveLength(FILES);
  });

  test.each(files)('%s', async (file) => {
    const { snapshot, problems } = await loadManifests([join(folder, file)]);
    expect(problems).toEqual([]);
    expect(snapshot.policies.size).toBeGreaterThan(0);
    for (const policy of snapshot.policies.values()) {
      expect(parsePolicy(policy).faults).toEqual([]);
      compiled += 1;
    }
  });

  test('holds every policy', () => {
    expect(compiled).toBe(POLICIES);
  });

  afterAll(() => {
    recordCorpus('realworld', 'compiler', { passed: compiled, of: POLICIES });
  });
});
