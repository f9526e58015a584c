import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { commentText } from '../../src/program/isolation-chain.ts';

test.each([
  ['ingress isolated by shop/web-1 shop/x.y', 'ingress isolated by shop/web-1 shop/x.y'],
  ['a\nb "c" \\ $(d) é 😀\0', 'a?b ?c? ? ??d? ? ??'],
  ['x'.repeat(255), 'x'.repeat(255)],
  ['é'.repeat(256), `${'?'.repeat(252)}...`],
])('a comment is made of %j', (text, comment) => {
  expect(commentText(text)).toBe(comment);
});

test('a comment is never longer than the kernel accepts, and needs no escape', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(commentText(text)).toMatch(/^[A-Za-z0-9 ./?-]{0,255}$/);
    }),
  );
});
