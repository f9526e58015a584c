import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { createIntern } from '../../../src/cluster/intern.ts';
import { asObject } from '../../../src/cluster/raw.ts';
import { trimPolicy } from '../../../src/cluster/trim-policy.ts';
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

  test.each(files)('%s', (file) => {
    const objects = parseAllDocuments(readFileSync(join(folder, file), 'utf8'))
      .map((document) => asObject(document.toJS()))
      .filter((raw) => raw['kind'] === 'NetworkPolicy')
      .map((raw) => ({ ...raw, metadata: { namespace: 'default', ...asObject(raw['metadata']) } }));
    expect(objects).not.toHaveLength(0);
    for (const raw of objects) {
      const policy = trimPolicy(raw, createIntern());
      expect(policy).toBeDefined();
      expect(policy && parsePolicy(policy).faults).toEqual([]);
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
