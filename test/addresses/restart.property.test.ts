import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ClusterChange } from '../../src/model/cluster-change.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createPolicyCompiler } from '../../src/policy/incremental/policy-compiler.ts';
import type { NodePolicy } from '../../src/policy/node-policy.ts';
import { createDrivenClock } from '../reconcile/driven-clock.ts';
import { createNode, nodeEvents } from '../support/sandboxes/arbitrary-node.ts';
import { createNodeWords, type Following, follow } from '../support/sandboxes/node-words.ts';
import { policy } from '../support/small-cluster.ts';

/**
 * An agent that ran all the time and one that starts now have the same result. `PORTCULLIS_ORDERS=100000 npm test --
 * test/addresses/restart` tries this many orders, different ones each time.
 */
const ORDERS = Number(process.env['PORTCULLIS_ORDERS'] ?? 0);

/** Maximum number per test, so that the runner sees progress. */
const PORTION = 2_500;
const PORTIONS = Array.from({ length: Math.max(1, Math.ceil(ORDERS / PORTION)) }, (_, at) => ({
  portion: at + 1,
  orders: Math.min(PORTION, ORDERS - at * PORTION),
}));

const POLICIES = [
  policy('x/dead', { podSelector: { matchLabels: { role: 'dead' } }, policyTypes: ['Ingress', 'Egress'] }),
  policy('x/web', {
    podSelector: { matchLabels: { role: 'web' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }] }],
  }),
  policy('x/client', {
    podSelector: { matchLabels: { role: 'client' } },
    policyTypes: ['Egress'],
    egress: [
      { to: [{ podSelector: { matchLabels: { role: 'web' } } }, { podSelector: { matchLabels: { role: 'free' } } }] },
    ],
  }),
];

/** Everything that verdicts depend on. */
const textOf = ({ isolations }: NodePolicy): string =>
  isolations
    .map(({ direction, policies, pods, rules }) => {
      const subjects = pods.map(({ uid, ips }) => `${uid}@${[...ips].sort().join('+')}`).sort();
      const peers = rules.flatMap((rule) =>
        rule.peers.map((peer) => (peer.kind === 'pods' ? [...peer.addresses.ipv4].sort().join('+') : peer.kind)),
      );
      return `${direction} ${policies.join()} of ${subjects.join()}: ${peers.join(' ')}`;
    })
    .join('\n');

/** Only the agent that saw it remembers a pod that vanished without a result, see docs/addresses.md. */
const withoutVanished = ({ pods, ...others }: ClusterSnapshot): ClusterSnapshot => ({
  ...others,
  pods: new Map([...pods].filter(([, { closed }]) => closed !== 'vanished')),
});

interface Running extends Following {
  policyText(): string;
}

test.each(PORTIONS)(
  'an agent that starts now governs what one governs that ran all the while, portion $portion',
  async ({ orders }) => {
    await fc.assert(
      fc.asyncProperty(nodeEvents, async (events) => {
        const words = createNodeWords();
        for (const each of POLICIES) words.policies.set(each.key, each);
        const clock = createDrivenClock();

        const start = (): Running => {
          const following = follow(words, clock);
          const compiler = createPolicyCompiler('n1');
          compiler.update(withoutVanished(following.source.snapshot()), 'everything');
          following.changes.length = 0;
          return {
            ...following,
            policyText() {
              const keys = following.changes.splice(0).map(({ key }: ClusterChange) => key);
              const changes = {
                pods: new Set(keys),
                namespaces: new Set<string>(),
                networkpolicies: new Set<string>(),
              };
              compiler.update(withoutVanished(following.source.snapshot()), changes);
              return textOf(compiler.policy());
            },
          };
        };

        const node = createNode(words);
        let running = start();
        for (const [at, event] of events.entries()) {
          node.happen(event);
          if (event.what === 'reboot') {
            running.stop();
            running = start();
          }
          if (!event.compare && at < events.length - 1) {
            running.policyText();
            continue;
          }
          await clock.pass(10_000);
          const fresh = start();
          await clock.settle();
          const expected = textOf(compileNodePolicy(withoutVanished(fresh.source.snapshot()), 'n1'));
          expect(running.policyText()).toBe(expected);
          expect(fresh.policyText()).toBe(expected);
          fresh.stop();
        }
        running.stop();
      }),
      orders > 0 ? { numRuns: orders } : { numRuns: 1500, seed: 20_260_102 },
    );
  },
  3_600_000,
);
