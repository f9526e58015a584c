import { describe, expect, test } from '@jest/globals';
import { hasNoSets, lookFirst } from '../../src/kernel/first-look.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { nothingObserved } from '../../src/render/nothing-observed.ts';
import type { Observed } from '../../src/render/observed.ts';

const BLANK = nothingObserved(['ipv4']);
const TABLE = BLANK.tables.ipv4;
if (TABLE === undefined) throw new Error('no table');

const chains = new Map([['PCLS-1', []]]);
const RAW = { chains: new Map(), hooks: { PREROUTING: [] }, heldByOthers: new Set<string>() };

/** Each read returns the next state; `looks` counts the reads. */
const kernelOf = (...states: readonly (Observed | Error)[]): Kernel & { looks: () => number } => {
  let looks = 0;
  return {
    families: ['ipv4'],
    looks: () => looks,
    observe() {
      const state = states[looks];
      looks += 1;
      return state instanceof Error || state === undefined
        ? Promise.reject(state ?? new Error())
        : Promise.resolve(state);
    },
    apply: () => Promise.resolve(),
  };
};

describe('first scan of the kernel', () => {
  test('a first scan of a node without anything of ours is the start of the first pass', async () => {
    const other = nothingObserved(['ipv4']);
    const kernel = kernelOf(BLANK, other);
    const first = lookFirst(kernel, true);
    expect(await first.isBlank).toBe(true);
    expect(await first.kernel.observe()).toBe(BLANK);
    expect(kernel.looks()).toBe(1);
    expect(await first.kernel.observe()).toBe(other);
  });

  test('rules of other programs are nothing of ours in a first scan', async () => {
    const hooks = { FORWARD: ['-j KUBE-FORWARD'], OUTPUT: [] };
    const first = lookFirst(kernelOf({ ...BLANK, tables: { ipv4: { ...TABLE, hooks } } }), true);
    expect(await first.isBlank).toBe(true);
  });

  test.each<[string, Observed]>([
    ['a chain', { ...BLANK, tables: { ipv4: { ...TABLE, chains } } }],
    ['a rule that leads to one', { ...BLANK, tables: { ipv4: { ...TABLE, heldByOthers: new Set(['PCLS-1']) } } }],
    ['a chain of the raw table', { ...BLANK, raw: { ipv4: { ...RAW, chains } } }],
    [
      'a set',
      {
        ...BLANK,
        sets: new Map([['PCLS-1', { type: 'hash:ip', family: 'ipv4', maxElements: 1, members: new Set<string>() }]]),
      },
    ],
  ])('a first scan that shows %s of ours is not used: the first pass reads the kernel itself', async (_, observed) => {
    const kernel = kernelOf(observed, BLANK);
    const first = lookFirst(kernel, true);
    expect(await first.isBlank).toBe(false);
    expect(await first.kernel.observe()).toBe(BLANK);
  });

  test('a first scan that fails is not used', async () => {
    const kernel = kernelOf(new Error('xtables lock'), BLANK);
    const first = lookFirst(kernel, true);
    expect(await first.isBlank).toBe(false);
    expect(await first.kernel.observe()).toBe(BLANK);
  });

  test('a first scan is not used while another agent works on the node', async () => {
    const kernel = kernelOf(BLANK);
    const first = lookFirst(kernel, false);
    expect(await first.isBlank).toBe(false);
    expect(kernel.looks()).toBe(0);
  });
});

describe('first scan of sets', () => {
  const HEADER = {
    type: 'hash:ip',
    family: 'ipv4',
    maxElements: 64,
    entries: 0,
    seed: 1,
    name: 'portcullis-4-x',
  } as const;

  test.each<[boolean, string, () => Promise<ReadonlyMap<string, typeof HEADER>>]>([
    [true, 'nothing', () => Promise.resolve(new Map())],
    [false, 'a set', () => Promise.resolve(new Map([[HEADER.name, HEADER]]))],
    [false, 'an error', () => Promise.reject(new Error('no answer'))],
  ])('the first scan returns %s about sets for %s', async (expected, _, headers) => {
    expect(await hasNoSets({ headers })).toBe(expected);
  });
});
