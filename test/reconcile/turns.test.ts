import { describe, expect, test } from '@jest/globals';
import type { ClusterChanges } from '../../src/model/cluster-change.ts';
import { createPendingChanges, type PendingChanges, createTurns } from '../../src/reconcile/pending-changes.ts';
import { createDrivenClock, type DrivenClock } from './driven-clock.ts';

/** Changes of a namespace that takes much of the loop's time are taken less often; those of others do not wait for them. */

interface Scene {
  readonly clock: DrivenClock;
  readonly pending: PendingChanges;
  readonly come: (...policies: readonly string[]) => void;
  /** Takes what is due in a pass that lasts `ms`. @returns the policies, sorted */
  readonly pass: (ms: number) => Promise<readonly string[]>;
}

const policiesOf = (changes: ClusterChanges): readonly string[] =>
  changes === 'everything' ? ['everything'] : [...changes.networkpolicies].sort();

const open = (): Scene => {
  const clock = createDrivenClock();
  const pending = createPendingChanges(createTurns(clock), clock.now);
  pending.take();
  return {
    clock,
    pending,
    come(...policies) {
      for (const key of policies) pending.note({ kind: 'networkpolicies', key });
    },
    async pass(ms) {
      const taken = policiesOf(pending.take());
      await clock.pass(ms);
      pending.charge(ms);
      return taken;
    },
  };
};

/** Runs passes of 50 ms until the namespace must wait. */
const exhaust = async ({ come, pass, pending }: Scene): Promise<number> => {
  for (let passes = 0; ; passes += 1) {
    come(`noisy/p${String(passes)}`);
    if (pending.isEmpty()) return passes;
    await pass(50);
  }
};

describe('a namespace that takes much of the time', () => {
  test('a busy namespace gets some passes at once, then a part of the time, and waits up to half a second', async () => {
    const scene = open();
    expect(await exhaust(scene)).toBe(4);
    const wait = scene.pending.dueIn() ?? 0;
    expect(wait).toBeGreaterThan(0);
    for (let at = 0; at < 20; at += 1) {
      scene.pending.charge(0);
      await scene.clock.pass(scene.pending.dueIn() ?? 0);
      scene.come('noisy/next');
      await scene.pass(10_000);
      scene.come('noisy/next');
      expect(scene.pending.dueIn()).toBeLessThanOrEqual(500);
    }
  });

  test('changes of a busy namespace are taken together', async () => {
    const scene = open();
    await exhaust(scene);
    scene.come('noisy/a', 'noisy/b', 'noisy/c');
    expect(scene.pending.isNone()).toBe(false);
    await scene.clock.pass(scene.pending.dueIn() ?? 0);
    expect(await scene.pass(50)).toEqual(['noisy/a', 'noisy/b', 'noisy/c', 'noisy/p4']);
    expect(scene.pending.isNone()).toBe(true);
  });

  test('a busy namespace is unrestricted again once it has been quiet', async () => {
    const scene = open();
    await exhaust(scene);
    await scene.clock.pass(2_000);
    await scene.pass(0);
    expect(await exhaust(scene)).toBe(4);
  });

  test('a busy namespace delays no other changes: they are due at once, and alone', async () => {
    const scene = open();
    await exhaust(scene);
    scene.come('quiet/web');
    expect(scene.pending.dueIn()).toBe(0);
    await expect(scene.pending.arrival()).resolves.toBeUndefined();
    expect(await scene.pass(5)).toEqual(['quiet/web']);
    expect(scene.pending.isEmpty()).toBe(true);
    expect(scene.pending.isNone()).toBe(false);
  });

  test('a busy namespace goes after others that are due as well, and is not forgotten', async () => {
    const scene = open();
    scene.come('noisy/a');
    await scene.pass(60);
    scene.come('noisy/b', 'quiet/web', 'other/web');
    expect(await scene.pass(5)).toEqual(['other/web', 'quiet/web']);
    expect(await scene.pass(5)).toEqual(['noisy/b']);
  });

  test('a busy namespace’s policies are taken with a pod that would be reported as in force', async () => {
    const scene = open();
    await exhaust(scene);
    scene.pending.note({ kind: 'pods', key: 'new' });
    expect(policiesOf(scene.pending.take(undefined, undefined, () => 'noisy'))).toEqual(['noisy/p4']);
  });

  test('a busy namespace delays no pods, no namespaces, and nothing in a full update', async () => {
    const scene = open();
    await exhaust(scene);
    scene.pending.note({ kind: 'pods', key: 'new' });
    expect(scene.pending.dueIn()).toBe(0);
    expect(scene.pending.take()).toMatchObject({ pods: new Set(['new']), networkpolicies: new Set() });
    scene.pending.note({ kind: 'namespaces', key: 'noisy' });
    expect(scene.pending.dueIn()).toBe(0);
    scene.pending.note(undefined);
    expect(scene.pending.take()).toBe('everything');
    expect(scene.pending.isNone()).toBe(true);
  });
});

test('namespaces whose changes take little time never wait, however many they are', async () => {
  const scene = open();
  for (let at = 0; at < 200; at += 1) {
    scene.come(`ns-${String(at % 50)}/a`);
    expect(await scene.pass(20)).toHaveLength(1);
  }
});
