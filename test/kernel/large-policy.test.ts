import { describe, expect, test } from '@jest/globals';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { createReconciler, type Reconciler } from '../../src/reconcile/reconciler.ts';
import type { SyncResult } from '../../src/reconcile/sync-result.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { waitFor } from '../support/wait-for.ts';
import { usePacketFilter } from './use-packet-filter.ts';

/** On a real kernel: policies of 9,900 rules in each direction, which once blocked every policy change. */

const PODS = [
  pod('large/web', { app: 'web' }, { ips: ['10.1.1.10'] }),
  pod('shop/shop', { app: 'shop' }, { ips: ['10.1.2.10'] }),
];

const ports = Array.from({ length: 693 }, (_, at) => ({ port: 2 + 3 * at, endPort: 3 + 3 * at }));

const large = (of: number, peers: number): PolicyObject =>
  policy(`large/p${of}`, {
    podSelector: {},
    ingress: [
      {
        from: Array.from({ length: peers }, (_, at) => ({
          ipBlock: { cidr: `11.${of}.${at}.0/24`, except: [`11.${of}.${at}.8/32`] },
        })),
        ports,
      },
    ],
  });

const small = (port: number): PolicyObject =>
  policy('shop/shop', { podSelector: {}, ingress: [{ ports: [{ port }] }] });

/** The first one fits, the others exceed the namespace's limit. */
const LARGE = [large(0, 60), ...Array.from({ length: 11 }, (_, at) => large(1 + at, 100))];

const stateOf = (...policies: readonly PolicyObject[]): ClusterSnapshot =>
  cluster({ large: {}, shop: {} }, PODS, policies);

describe.each(['nft', 'legacy'] as const)('policies that ask for 100,000 rules, by %s', (backend) => {
  const filter = usePacketFilter(backend);

  test('policies with 100,000 rules delay no other tenant, are reported, and can be deleted', async () => {
    const results: SyncResult[] = [];
    let snapshot = stateOf(small(1));
    const loop: Reconciler = createReconciler(
      { node: 'n1', checkIntervalMs: 3_600_000, program: {} },
      {
        source: { hasSynced: () => true, snapshot: () => snapshot, revisions: () => ({}) },
        kernel: filter().kernel,
        clock: createSystemClock(),
        report: (result) => results.push(result),
      },
    );
    const put = (...policies: readonly PolicyObject[]): void => {
      const keys = new Set([...snapshot.policies.keys(), ...policies.map(({ key }) => key)]);
      snapshot = stateOf(...policies);
      for (const key of keys) loop.trigger({ kind: 'networkpolicies', key });
    };
    const inForce = (text: string): Promise<unknown> =>
      waitFor(`${text} in force`, 30_000, async () => (await filter().table('ipv4')).includes(text) || undefined);
    const isDone = (): Promise<unknown> =>
      waitFor('everything in force', 60_000, () => Promise.resolve(!loop.status().pending || undefined));
    try {
      await isDone();
      for (let port = 2; port < 8; port += 1) {
        put(small(port), ...LARGE);
        await inForce(`--dport ${port} `);
        // The large policies are not complete yet when the first small change is.
        if (port === 2) expect(loop.status().pending).toBe(true);
      }
      await isDone();
      expect(results.flatMap(({ error }) => error ?? [])).toEqual([]);
      expect(results.at(-1)?.faults.map(({ policy: key }) => key)).toHaveLength(LARGE.length - 1);
      const rules = (await filter().table('ipv4')).split('\n').filter((line) => line.startsWith('-A PORTCULLIS-'));
      expect(rules.length).toBeGreaterThan(5_900);
      expect(rules.length).toBeLessThan(6_200);
      put(small(9));
      await inForce('--dport 9 ');
      await isDone();
      expect(await filter().table('ipv4')).not.toContain('PORTCULLIS-B-');
      expect(results.at(-1)?.faults).toEqual([]);
    } finally {
      await loop.stop();
    }
  });
});
