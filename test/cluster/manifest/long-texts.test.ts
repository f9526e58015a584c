import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readBlockYaml } from '../../../src/cluster/manifest/block-yaml.ts';
import { readDocuments } from '../../../src/cluster/manifest/yaml-document.ts';
import type { FieldPath } from '../../../src/model/field-path.ts';

/** Longer than what is read without further thought. */
const PADDING = 'x'.repeat(40_000);

const scalarOf = (text: string): unknown => readDocuments(text, '')[0]?.value ?? null;

/** Scalars that are easily taken for something else. */
const TRICKY = [
  'yes',
  'No',
  'on',
  'y',
  'null',
  '~',
  'true',
  'False',
  '0',
  '007',
  '0o14',
  '0x1F',
  '1_000',
  '1e3',
  '.5',
  '.inf',
  '-1',
  '+1',
  '12345678901234567890',
  '10.244.0.1',
  '1.5',
  '100m',
  '2026-01-01T00:00:00Z',
  '12:30:45',
  'a: b',
  'a #b',
  '#a',
  '- a',
  'a:',
  '"',
  "'",
  "it's",
  '{}',
  '[]',
  '{a',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '%',
  '@',
  '`',
  ' a',
  'a ',
  '',
  'line\nnext',
  'a\n\n  b\n',
  '\ttab',
  'ü',
  '\u0085',
  '<<',
  '=',
];

const text = fc.oneof(
  fc.constantFrom(...TRICKY),
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const key = fc.oneof(
  fc.constantFrom('app', 'kubernetes.io/name', 'f:a', 'yes', '1', 'a b', 'true'),
  fc.stringMatching(/^[a-z]{1,8}$/),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));
const object = fc.dictionary(key, value, { minKeys: 1, maxKeys: 4 });

/** As kubectl lays YAML out, and as others do. */
const LAYOUTS = [
  { indentSeq: false, lineWidth: 0 },
  { indentSeq: false, lineWidth: 80, version: '1.1' },
  { indentSeq: true, lineWidth: 40, singleQuote: true },
] as const;

test('the quick reader of blocks says what the whole parser says, or gives up', () => {
  let read = 0;
  fc.assert(
    fc.property(object, fc.constantFrom(...LAYOUTS), (written, layout) => {
      const yaml = stringify(written, layout);
      const quick = readBlockYaml(yaml, scalarOf);
      if (quick === undefined) return;
      const [document] = readDocuments(yaml, '');
      expect(document?.problems).toEqual([]);
      expect(quick.value).toEqual(document?.value);
      read += 1;
    }),
    { seed: Number(process.env['FC_SEED'] ?? 20_264), numRuns: Number(process.env['FC_WORLDS'] ?? 2_000) },
  );
  expect(read).toBeGreaterThan(500);
});

test.each([
  ['an anchor', 'a: &x 1\nb: *x\n'],
  ['a merge key', 'a:\n  <<: b\n'],
  ['a flow map', 'a: {b: 1}\n'],
  ['folded text', 'a: >\n  b\n'],
  ['text that goes on', 'a: b\n  c\n'],
  ['a comment', 'a: b # c\n'],
  ['a key that is there twice', 'a: 1\na: 2\n'],
  ['a tag', 'a: !!str 1\n'],
  ['a tab', 'a:\n\tb: 1\n'],
  ['a second document', 'a: 1\n---\nb: 1\n'],
  ['a key that is no text', '1: a\n'],
  ['a key that only looks like text', 'yes: a\n'],
  ['quotes that go on', 'a: "b\n  c"\n'],
])('the quick reader gives up on %s', (_, yaml) => {
  expect(readBlockYaml(yaml, scalarOf)).toBeUndefined();
});

const OBJECTS = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', labels: { app: 'web', tier: '1' } },
    spec: { containers: [{ name: 'c1' }, { name: 'c2' }] },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' }, data: { text: `one\n\n  two\n${PADDING}` } },
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c' }, spec: {} },
];
const LIST = { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: OBJECTS };

const YAML_LIST = `apiVersion: v1\nitems:\n${stringify(OBJECTS, { indentSeq: false, lineWidth: 0 })}kind: List\nmetadata:\n  resourceVersion: ""\n`;

/** The same text, but so that it is read as a whole. */
const asWhole = (yaml: string): string => `# \n${yaml}`;

const FIELDS: readonly FieldPath[] = [
  [],
  ['items', 0],
  ['items', 0, 'metadata', 'labels', 'tier'],
  ['items', 0, 'metadata', 'labels'],
  ['items', 0, 'spec', 'containers', 1, 'name'],
  ['items', 0, 'spec', 'containers', 7],
  ['items', 1, 'data', 'text'],
  ['items', 2],
  ['items', 2, 'spec'],
  ['items', 2, 'spec', 'containers', 0],
];

describe('a long List of kubectl', () => {
  test('a long List in YAML has the same objects and places as if it were read as a whole', () => {
    const [quick] = readDocuments(YAML_LIST, 'f');
    const [whole] = readDocuments(asWhole(YAML_LIST), 'f');
    expect(quick?.value).toEqual(LIST);
    expect(whole?.value).toEqual(LIST);
    for (const field of FIELDS) {
      const place = whole?.locate(field);
      expect([field, quick?.locate(field)]).toEqual([field, place && { ...place, line: place.line - 1 }]);
      // The whole begins with three characters more.
      const span = whole?.spanOf(field);
      const back = span && { key: span.key?.map((at) => at - 3), value: span.value.map((at) => at - 3) };
      if (field.length > 1) expect([field, quick?.spanOf(field)]).toEqual([field, back]);
    }
  });

  test.each([
    ['compact', JSON.stringify(LIST)],
    ['indented', JSON.stringify(LIST, undefined, 4)],
    ['with a string full of quotes and brackets', JSON.stringify({ a: '\\"{[\\\\', ...LIST }, undefined, 1)],
  ])('a long List in JSON, %s, has the same places as if it were read as YAML', (_, json) => {
    const [quick] = readDocuments(json, 'f');
    const [whole] = readDocuments(asWhole(json), 'f');
    for (const field of FIELDS) {
      const place = whole?.locate(field);
      expect([field, quick?.locate(field)]).toEqual([field, place && { ...place, line: place.line - 1 }]);
      // The whole begins with three characters more.
      const span = whole?.spanOf(field);
      const back = span && { key: span.key?.map((at) => at - 3), value: span.value.map((at) => at - 3) };
      if (field.length > 1) expect([field, quick?.spanOf(field)]).toEqual([field, back]);
    }
  });

  test('the error about a broken item of a long List has its place', () => {
    const broken = YAML_LIST.replace('    name: c', '    name: c\n    name: d');
    const [document] = readDocuments(broken, 'f');
    expect(document?.problems).toEqual([
      {
        file: 'f',
        line: broken.split('\n').indexOf('    name: d') + 1,
        column: 5,
        message: 'this key is there twice, and kubectl would keep the last one',
      },
    ]);
  });

  test('a long List with an item of more than plain blocks is read all the same', () => {
    const [document] = readDocuments(YAML_LIST.replace('spec: {}', 'spec: {nodeName: n1}'), 'f');
    expect((document?.value as typeof LIST).items[2]).toEqual({ ...OBJECTS[2], spec: { nodeName: 'n1' } });
  });
});
