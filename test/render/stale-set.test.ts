import { expect, test } from '@jest/globals';
import { destroyedSet, destroyLine, emptyFirst } from '../../src/render/plan-sets.ts';

const CREATE = 'create portcullis-4-b hash:ip family inet hashsize 64 maxelem 1048576\nadd portcullis-4-b 10.0.0.2\n';

test('a stale set that is re-created is emptied first', () => {
  expect(emptyFirst(CREATE, ['portcullis-4-a', 'portcullis-4-b'])).toEqual({
    lines: `flush portcullis-4-b\n${CREATE}`,
    again: ['portcullis-4-b'],
  });
});

test('a stale set whose name is similar to that of a created set stays as it is', () => {
  const stale = ['portcullis-4', 'portcullis-4-bb', 'b'];
  expect(emptyFirst(CREATE, stale)).toEqual({ lines: CREATE, again: [] });
});

test('a stale set that only gets a member is not emptied', () => {
  const lines = 'add portcullis-4-b 10.0.0.2\n';
  expect(emptyFirst(lines, ['portcullis-4-b'])).toEqual({ lines, again: [] });
});

test('a line that destroys a set names it', () => {
  expect(destroyLine('portcullis-4-b')).toBe('destroy portcullis-4-b');
  expect(destroyedSet('destroy portcullis-4-b')).toBe('portcullis-4-b');
});
