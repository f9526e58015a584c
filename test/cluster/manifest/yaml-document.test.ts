import { describe, expect, test } from '@jest/globals';
import type { FieldPath } from '../../../src/model/field-path.ts';
import { readDocuments } from '../../../src/cluster/manifest/yaml-document.ts';

const values = (text: string): unknown[] => readDocuments(text, 'f.yaml').map(({ value }) => value);

const problems = (text: string): string[] =>
  readDocuments(text, 'f.yaml').flatMap((document) =>
    document.problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
  );

describe('reading YAML documents', () => {
  test('each document is returned, without empty ones', () => {
    expect(values('---\n# nothing\n---\na: 1\n---\nb: 2\n...\n')).toEqual([{ a: 1 }, { b: 2 }]);
    expect(values('')).toEqual([]);
  });

  test('JSON is read, even if tabs indent it', () => {
    expect(values('{\n\t"a": [\n\t\t1\n\t]\n}')).toEqual([{ a: [1] }]);
  });

  test('anchors and merge keys are supported', () => {
    expect(values('a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n')).toEqual([{ a: { b: 1 }, c: { b: 1, d: 2 } }]);
  });

  test.each([
    ['yes', true],
    ['N', false],
    ['off', false],
    ['0777', 511],
    ['1_000', 1000],
    ['0x1f', 31],
    ['22:22', '22:22'],
    ['2020-01-01', '2020-01-01'],
    ['"yes"', 'yes'],
    ['yesterday', 'yesterday'],
    ['0', 0],
    ['~', null],
  ])('%s is read like kubectl reads it', (text, value) => {
    expect(values(`a: ${text}`)).toEqual([{ a: value }]);
  });

  test('an invalid document does not hide the others', () => {
    expect(values('a: 1\n---\nb: [\n---\nc: 3\n')).toEqual([{ a: 1 }, undefined, { c: 3 }]);
  });
});

describe('problems of YAML documents', () => {
  test.each([
    ['a:\n\tb: 1\n', /^2:1 a tab cannot indent YAML; use spaces/],
    ['a: 1\nb: 2\na: 3\n', /^3:1 this key is there twice/],
    ['a: [1\n', /^2:1 not YAML: /],
    ['a: *nobody\n', /^1:1 not YAML: Unresolved alias/],
    ['a: {{ .Values.x }}\n', /^1:5 a key must be plain text; is this a template that was not rendered\?/],
  ])('a problem is reported with its place: %j', (text, message) => {
    expect(problems(text)[0]).toMatch(message);
    expect(values(text)).toEqual([undefined]);
  });

  test('aliases that would explode are refused', () => {
    const levels = Array.from({ length: 12 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`);
    const [message] = problems(['a0: &a0 [x]', ...levels].join('\n'));
    expect(message).toMatch(/Excessive alias count/);
  });
});

describe('places in YAML documents', () => {
  const [document] = readDocuments(
    [
      '# a policy',
      'spec:',
      '  ingress:',
      '  - from:',
      '    - ipBlock:',
      '        cidr: 10.0.0.0/8',
      '        except: [10.1.0.0/16, 10.2.0.0/16]',
      '    ports: &ports',
      '    - port: 80',
      '  - ports: *ports',
    ].join('\n'),
    'f.yaml',
  );
  const at = (...field: FieldPath): string => {
    const place = document?.locate(field);
    return `${place?.file}:${place?.line}:${place?.column}`;
  };

  test('a value’s place is its own', () => {
    expect(at('spec', 'ingress', 0, 'from', 0, 'ipBlock', 'cidr')).toBe('f.yaml:6:15');
    expect(at('spec', 'ingress', 0, 'from', 0, 'ipBlock', 'except', 1)).toBe('f.yaml:7:31');
  });

  test('a block’s place is its key', () => {
    expect(at('spec', 'ingress')).toBe('f.yaml:3:3');
    expect(at('spec', 'ingress', 0, 'from', 0, 'ipBlock')).toBe('f.yaml:5:7');
  });

  test('a list item’s place is its own', () => {
    expect(at('spec', 'ingress', 1)).toBe('f.yaml:10:5');
  });

  test('a missing field’s place is that of the nearest one around it', () => {
    expect(at('spec', 'ingress', 0, 'from', 0, 'ipBlock', 'nothing', 3)).toBe('f.yaml:5:7');
    expect(at('spec', 'policyTypes')).toBe('f.yaml:2:1');
  });

  test('a field behind an alias has the place where it is written', () => {
    expect(at('spec', 'ingress', 1, 'ports', 0, 'port')).toBe('f.yaml:9:13');
  });

  test('the whole document has the place of its start', () => {
    expect(at()).toBe('f.yaml:2:1');
  });
});
