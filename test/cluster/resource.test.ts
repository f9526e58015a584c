import { describe, expect, test } from '@jest/globals';
import { createIntern } from '../../src/cluster/intern.ts';
import { NAMESPACES, NETWORK_POLICIES } from '../../src/cluster/resource.ts';

const intern = createIntern();

describe('namespaces', () => {
  test('namespaces keep name and labels', () => {
    const raw = { metadata: { name: 'shop', labels: { team: 'a' }, uid: 'u' }, spec: { finalizers: ['kubernetes'] } };
    expect(NAMESPACES.keyOf(raw)).toBe('shop');
    expect(NAMESPACES.trim(raw, intern)).toEqual({ name: 'shop', labels: new Map([['team', 'a']]) });
  });

  test('namespaces differ by their labels', () => {
    const [one, other] = [{ team: 'a' }, { team: 'b' }].map((labels) =>
      NAMESPACES.trim({ metadata: { name: 'shop', labels } }, intern),
    );
    if (one === undefined || other === undefined) throw new Error('both are namespaces');
    expect(NAMESPACES.same(one, { ...one, labels: new Map(one.labels) })).toBe(true);
    expect(NAMESPACES.same(one, other)).toBe(false);
  });
});

describe('policies', () => {
  const raw = (spec: unknown): Record<string, unknown> => ({
    metadata: { namespace: 'shop', name: 'web', managedFields: [{}], generation: 3 },
    spec,
  });

  test('policies keep identity and the spec unread', () => {
    const spec = { podSelector: {}, unknownToUs: [1] };
    expect(NETWORK_POLICIES.keyOf(raw(spec))).toBe('shop/web');
    expect(NETWORK_POLICIES.trim(raw(spec), intern)).toEqual({ key: 'shop/web', namespace: 'shop', name: 'web', spec });
  });

  test('policies differ by their spec, whatever the order of its keys is', () => {
    const [one, same, other] = [
      { a: [1], b: 2 },
      { b: 2, a: [1] },
      { a: [2], b: 2 },
    ].map((spec) => NETWORK_POLICIES.trim(raw(spec), intern));
    if (one === undefined || same === undefined || other === undefined) throw new Error('all are policies');
    expect(NETWORK_POLICIES.same(one, same)).toBe(true);
    expect(NETWORK_POLICIES.same(one, other)).toBe(false);
  });

  test('a policy without a namespace has no key', () => {
    expect(NETWORK_POLICIES.keyOf({ metadata: { name: 'web' } })).toBeUndefined();
  });
});
