import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Backend } from '../../../src/kernel/iptables.ts';
import type { ToolFault } from '../../support/faults/tool-shims.ts';
import { holdXtablesLock } from '../../support/faults/xtables-lock.ts';
import { openTo, withPeers } from '../../reconcile/bench.ts';
import { type FaultyNode, openFaultyNode } from './faulty-node.ts';
import { cleanUp } from '../../support/clean-up.ts';

/** Longer than any command here takes, even on a busy machine. */
const TIMEOUT_MS = 5_000;

const FAULTS: readonly (readonly [what: string, fault: ToolFault, told: RegExp])[] = [
  ['refuses', { kind: 'refuse', message: 'no space left on device' }, /no space left on device$/],
  ['is killed before it begins', { kind: 'killed', after: 0 }, /killed by SIGKILL$/],
  ['is killed half-way', { kind: 'killed', after: 3 }, /killed by SIGKILL$/],
  ['is killed after it was done', { kind: 'killed', after: 'all' }, /killed by SIGKILL$/],
  ['hangs', { kind: 'hang' }, /timed out$/],
];

describe.each<Backend>(['nft', 'legacy'])('iptables-%s-restore', (backend) => {
  let node: FaultyNode;

  beforeEach(async () => {
    node = await openFaultyNode({ backend, snapshot: openTo('api'), timeoutMs: TIMEOUT_MS });
  });

  afterEach(async () => {
    await node.close();
  });

  test.each(FAULTS)(
    'a restore tool that %s repeatedly leaves old or new rules, and the new ones are applied in the end',
    async (_, fault, told) => {
      const before = await node.filter.table('ipv4');
      await node.shims.inject(`iptables-${backend}-restore`, fault);
      node.change(openTo('db'), '2');
      expect(await node.failure()).toMatch(told);
      const between = await node.filter.table('ipv4');
      expect(node.loop.status()).toMatchObject({ ready: true, pending: true });
      await node.shims.heal();
      await node.inForce('2');
      const after = await node.filter.table('ipv4');
      expect(after).not.toBe(before);
      expect([before, after]).toContain(between);
    },
  );
});

describe('ipset restore', () => {
  let node: FaultyNode;

  beforeEach(async () => {
    node = await openFaultyNode({ backend: 'nft', snapshot: openTo('api'), timeoutMs: TIMEOUT_MS });
  });

  afterEach(async () => {
    await node.close();
  });

  const SET_FAULTS: readonly (readonly [what: string, fault: ToolFault])[] = [
    ['refuses', { kind: 'refuse', message: 'Kernel error received: Invalid argument' }],
    ['refuses after one line', { kind: 'refuse', message: 'Kernel error received: Invalid argument', after: 1 }],
    ['is killed after two lines', { kind: 'killed', after: 2 }],
    ['is killed after it was done', { kind: 'killed', after: 'all' }],
    ['hangs', { kind: 'hang' }],
  ];

  test.each(SET_FAULTS)(
    'an ipset restore that %s repeatedly changes no rule without its sets, and the newest state is applied in the end',
    async (_, fault) => {
      const rules = await node.filter.table('ipv4');
      await node.shims.inject('ipset-restore', fault);
      node.change(withPeers('10.1.1.60', '10.1.1.61'), '2');
      await node.failure();
      node.change(openTo('db'), '3');
      await node.failure();
      expect(await node.filter.table('ipv4')).toBe(rules);
      expect(node.loop.status()).toMatchObject({ ready: true, pending: true });
      await node.shims.heal();
      await node.inForce('3');
      expect(await node.filter.table('ipv4')).not.toBe(rules);
    },
  );
});

describe('the xtables lock', () => {
  let node: FaultyNode;
  let before: string;
  let release: () => Promise<void>;

  beforeEach(async () => {
    node = await openFaultyNode({ backend: 'legacy', snapshot: openTo('api') });
    before = await node.filter.table('ipv4');
    release = await holdXtablesLock();
  });

  afterEach(async () => {
    await cleanUp(
      () => release(),
      () => node.close(),
    );
  });

  const recovers = async (): Promise<void> => {
    expect(await node.filter.table('ipv4')).toBe(before);
    await release();
    await node.inForce('2');
    expect(await node.filter.table('ipv4')).not.toBe(before);
  };

  test('the agent waits for the xtables lock, gives up, and tries again when it is free', async () => {
    node.change(openTo('db'), '2');
    expect(await node.failure()).toMatch(/xtables lock/);
    // The configured wait, one second, and not less.
    expect(node.results.at(-1)?.durationMs).toBeGreaterThan(900);
    await recovers();
  });

  test('old rules stay while the xtables lock is held for 30 seconds, and new ones are applied when it is free', async () => {
    const since = performance.now();
    node.change(openTo('db'), '2');
    while (performance.now() - since < 30_000) expect(await node.failure()).toMatch(/xtables lock/);
    expect(node.loop.status()).toMatchObject({ ready: true, pending: true });
    await recovers();
  });
});
