import { describe, expect, test } from '@jest/globals';
import type { LabelRequirement } from '../../src/model/labels.ts';
import { describeSelector, meets, selectorKey, selects } from '../../src/policy/selector.ts';

const labels = new Map([
  ['app', 'web'],
  ['empty', ''],
]);

const requirement = (key: string, operator: LabelRequirement['operator'], ...values: string[]): LabelRequirement => ({
  key,
  operator,
  values,
});

describe('one requirement', () => {
  test.each([
    [requirement('app', 'In', 'web'), true],
    [requirement('app', 'In', 'db', 'web'), true],
    [requirement('app', 'In', 'db'), false],
    [requirement('absent', 'In', ''), false],
    [requirement('empty', 'In', ''), true],
    [requirement('app', 'NotIn', 'web'), false],
    [requirement('app', 'NotIn', 'db'), true],
    [requirement('absent', 'NotIn', 'web'), true],
    [requirement('empty', 'NotIn', ''), false],
    [requirement('app', 'Exists'), true],
    [requirement('empty', 'Exists'), true],
    [requirement('absent', 'Exists'), false],
    [requirement('app', 'DoesNotExist'), false],
    [requirement('absent', 'DoesNotExist'), true],
  ])('a requirement %j is met: %s', (each, expected) => {
    expect(meets(labels, each)).toBe(expected);
  });
});

test('all requirements must be met, and no requirement selects everything', () => {
  const web = requirement('app', 'In', 'web');
  expect(selects({ requirements: [] }, new Map())).toBe(true);
  expect(selects({ requirements: [web, requirement('empty', 'Exists')] }, labels)).toBe(true);
  expect(selects({ requirements: [web, requirement('absent', 'Exists')] }, labels)).toBe(false);
});

test('a selector is described as in kubectl get -l', () => {
  const requirements = [
    requirement('app', 'In', 'web'),
    requirement('tier', 'In', 'a', 'b'),
    requirement('env', 'NotIn', 'test'),
    requirement('owner', 'Exists'),
    requirement('old', 'DoesNotExist'),
  ];
  expect(describeSelector({ requirements })).toBe('app=web,tier in (a,b),env notin (test),owner,!old');
  expect(describeSelector({ requirements: [] })).toBe('');
});

test('keys of selectors differ if any part does', () => {
  const keys = [
    [requirement('a', 'In', 'b')],
    [requirement('a', 'NotIn', 'b')],
    [requirement('a', 'In', 'b', 'c')],
    [requirement('a', 'In', 'b,c')],
    [requirement('a', 'Exists')],
    [],
  ].map((requirements) => selectorKey({ requirements }));
  expect(new Set(keys).size).toBe(keys.length);
});
