import { describe, expect, test } from '@jest/globals';
import { createStore } from '../../src/cluster/store.ts';

const same = (one: { n: number }, other: { n: number }): boolean => one.n === other.n;

describe('put', () => {
  test('put reports whether anything differs', () => {
    const store = createStore<string, { n: number }>(same);
    expect(store.put('a', { n: 1 })).toBe(true);
    expect(store.put('a', { n: 1 })).toBe(false);
    expect(store.put('a', { n: 2 })).toBe(true);
    expect(store.put('a', undefined)).toBe(true);
    expect(store.put('a', undefined)).toBe(false);
    expect(store.objects.size).toBe(0);
  });
});

describe('replace', () => {
  test('replace names the added, changed and removed keys, and keeps equal objects', () => {
    const store = createStore<string, { n: number }>(same);
    const kept = { n: 1 };
    store.put('kept', kept);
    store.put('changed', { n: 1 });
    store.put('gone', { n: 1 });
    const next = new Map(Object.entries({ kept: { n: 1 }, changed: { n: 2 }, new: { n: 3 } }));
    expect([...store.replace(next)].sort()).toEqual(['changed', 'gone', 'new']);
    expect(Object.fromEntries(store.objects)).toEqual({ kept: { n: 1 }, changed: { n: 2 }, new: { n: 3 } });
    expect(store.objects.get('kept')).toBe(kept);
  });

  test('replace by an equal list is no change', () => {
    const store = createStore<string, { n: number }>(same);
    store.put('a', { n: 1 });
    expect(store.replace(new Map([['a', { n: 1 }]]))).toEqual([]);
  });
});
