import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import type { Backend } from '../../../src/kernel/iptables.ts';
import { createIpBatch } from '../../../src/lab/batch.ts';
import { ROUTER_SYSCTLS } from '../../../src/lab/fabric.ts';
import { IP_FAMILIES } from '../../../src/model/family.ts';
import { createToolShims, type ShimmedTool, type ToolFault, type ToolShims } from '../../support/faults/tool-shims.ts';
import { createProber, type Injected, type Prober } from '../../support/lab/prober.ts';
import { routeOut, wireNode } from '../../support/lab/wire-node.ts';
import { waitFor } from '../../support/wait-for.ts';
import { type AgentNamespace, type AgentProcess, openAgentNamespace } from './namespace-agents.ts';
import { cleanUp } from '../../support/clean-up.ts';

/** Kills an agent at each step of a change, and sends packets through what it left in the real kernel. */

const DEADLINE_MS = 120_000;
const PATIENCE_MS = 2_000;
/**
 * After a pass that took long, policies of its namespace wait for up to half a second, and changes of pods do not
 * (src/reconcile/pending-changes.ts): the two would come in two passes, with a state between them that is neither of the two.
 */
const TURN_MS = 600;

const ADDRESSES = {
  ipv4: ['10.0.1.1', '10.0.1.2', '10.0.2.1', '10.0.2.2', '203.0.113.7'],
  ipv6: ['fd00:1::1', 'fd00:1::2', 'fd00:2::1', 'fd00:2::2', '2001:db8::7'],
} as const;

const pod = (name: string, node: string, at: number, labels: string): string => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { ${labels} } }
spec: { nodeName: ${node}, containers: [{ name: c, image: c }] }
status: { podIP: ${ADDRESSES.ipv4[at]}, podIPs: [{ ip: ${ADDRESSES.ipv4[at]} }, { ip: "${ADDRESSES.ipv6[at]}" }] }
`;

const policy = (name: string, spec: string): string => `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: shop }
spec: ${spec}
`;

/** The labels of the four pods, two on this node and two elsewhere. */
const pods = (...labels: readonly [string, string, string, string]): string =>
  labels.map((each, at) => pod(`p${at}`, at < 2 ? 'n1' : 'n2', at, each)).join('');

const from = (label: string, port: number): string =>
  `{ podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress], ingress: [{ from: [{ podSelector: { matchLabels: { ${label} } } }], ports: [{ port: ${port} }] }] }`;
const to = (label: string): string =>
  `{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { ${label} } } }] }] }`;

/** Each state is changed into the next one; each change affects sets and rules in a different combination. */
const STATES: readonly (readonly [what: string, manifests: string])[] = [
  ['nothing', pods('app: web', 'app: db', 'r: a', 'r: b')],
  ['a first policy', pods('app: web', 'app: db', 'r: a', 'r: b') + policy('one', from('r: a', 80))],
  // Peers and port change at once while the selector stays: removed and added parts must not combine.
  ['other peers at another port', pods('app: web', 'app: db', 'r: b', 'r: a') + policy('one', from('r: a', 443))],
  ['members alone', pods('app: web', 'app: db', 'r: a', 'r: a') + policy('one', from('r: a', 443))],
  [
    'another selector, and egress',
    pods('app: web', 'app: web', 'r: a', 'r: b') + policy('one', from('r: b', 80)) + policy('two', to('r: a')),
  ],
  ['the policies deleted', pods('app: web', 'app: db', 'r: a', 'r: b')],
];

const PACKETS: readonly Omit<Injected, 'wire'>[] = IP_FAMILIES.flatMap((family) =>
  ADDRESSES[family].flatMap((source) =>
    ADDRESSES[family]
      .filter((destination) => destination !== source)
      .flatMap((destination) =>
        [80, 443].map((port) => ({ from: source, to: destination, protocol: 'TCP' as const, port })),
      ),
  ),
);

const ALL = 1_000_000;

/** Returns sets that neither a rule nor another set names. */
const unusedSets = (text: string): readonly string[] =>
  [...text.matchAll(/^create (\S+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !text.split('\n').some((line) => line.split(' ').indexOf(name) > 1));

/** Returns the lines that only one of the texts has. */
const difference = (wanted: string, seen: string): string => {
  const [all, now] = [wanted, seen].map((text) => new Set(text.split('\n'))) as [Set<string>, Set<string>];
  return [
    ...[...all.difference(now)].map((line) => `missing: ${line}`),
    ...[...now.difference(all)].map((line) => `too much: ${line}`),
  ].join('\n');
};

describe.each<Backend>(['nft', 'legacy'])('iptables-%s: an agent that is killed', (backend) => {
  let space: AgentNamespace;
  let shims: ToolShims;
  let prober: Prober;

  /** The calls of tools that a change consists of, at most, and the lines of each after which the agent is killed. */
  const KILLS: readonly (readonly [tool: ShimmedTool, call: number, after: number])[] = [
    ['ipset-restore', 1, 0],
    ['ipset-restore', 1, 1],
    ['ipset-restore', 1, 3],
    ['ipset-restore', 1, ALL],
    [`iptables-${backend}-restore`, 1, ALL],
    [`ip6tables-${backend}-restore`, 1, ALL],
    ['ipset-restore', 2, 1],
    ['ipset-restore', 2, ALL],
    ['ipset-restore', 3, ALL],
  ];

  beforeEach(async () => {
    space = await openAgentNamespace(backend);
    shims = await createToolShims();
    prober = await createProber();
    const ip = createIpBatch(createCommandRunner());
    await ip.sysctl(ROUTER_SYSCTLS, 'lenient', space.name);
    await prober.wire(await wireNode(ip, space.name, `${space.name}-far`));
    await ip.run(
      IP_FAMILIES.map((family) => routeOut(family, 'default')),
      space.name,
    );
  });

  afterEach(async () => {
    // The agent first: until it ends its tools write to the folder of the wrappers.
    await cleanUp(
      () => space.close(),
      () => prober.close(),
      () => shims.close(),
      () => createCommandRunner().run('ip', ['netns', 'delete', `${space.name}-far`]),
    );
  });

  const passes = (): Promise<readonly boolean[]> =>
    prober.inject(
      PACKETS.map((packet) => ({ wire: space.name, ...packet })),
      PATIENCE_MS,
    );

  /** Independent of the order in which objects were made. */
  const rules = async (): Promise<string> => (await space.rules()).split('\n').toSorted().join('\n');

  const textOf = (at: number): string => {
    const { from: source, to: destination, port } = PACKETS[at] ?? {};
    return `${source} > ${destination}:${port}`;
  };

  /** Waits until the packets have the expected outcome; a busy machine loses some. */
  const untilPasses = (what: string, wanted: readonly boolean[]): Promise<true> => {
    let odd: readonly string[] = [];
    const ask = async (): Promise<true | undefined> => {
      const now = await passes();
      odd = now.flatMap((each, at) => (each === wanted[at] ? [] : [textOf(at)]));
      return odd.length === 0 || undefined;
    };
    return waitFor(what, DEADLINE_MS, ask, () => odd.join('\n'));
  };

  const start = async (): Promise<AgentProcess> => {
    const agent = await space.start({ env: { PATH: shims.path } });
    await space.untilReady();
    return agent;
  };

  const write = (manifests: string): Promise<void> => space.write('all.yaml', manifests);

  /** Waits until the namespace has its turn again, whatever its last change took. */
  const untilTurn = (): Promise<true> => {
    const since = performance.now();
    return waitFor('a turn', DEADLINE_MS, () => Promise.resolve(performance.now() - since > TURN_MS || undefined));
  };

  /** Waits until the rules differ and the agent has nothing left to do, with its stale sets destroyed. */
  const settled = async (before: string): Promise<string> =>
    waitFor('the change', DEADLINE_MS, async () => {
      const text = await rules();
      const isDone = text !== before && unusedSets(text).length === 0;
      return isDone && (await space.idle()) && (await rules()) === text ? text : undefined;
    });

  const faultAt = (call: number, after: number): readonly ToolFault[] => [
    ...Array.from({ length: call - 1 }, (): ToolFault => ({ kind: 'pass' })),
    { kind: 'kill caller', after: after === ALL ? 'all' : after },
  ];

  test.each(STATES.slice(1).map(([what, manifests], at) => [what, STATES[at]?.[1] ?? '', manifests] as const))(
    'an agent that is killed on the way to %s leaks nothing, and the next one completes the change',
    async (_, before, after) => {
      await write(before);
      let agent = await start();
      const rulesBefore = await rules();
      const passedBefore = await passes();
      await write(after);
      const rulesAfter = await settled(rulesBefore);
      const passedAfter = await passes();
      expect(passedAfter).not.toEqual(passedBefore);
      await write(before);
      await untilPasses('the first state', passedBefore);

      const reached: string[] = [];
      for (const [tool, call, lines] of KILLS) {
        const kill = `${tool} ${call}, ${lines} lines`;
        let seen = '';
        await waitFor(
          `the rules of the first state, ${kill}`,
          DEADLINE_MS,
          async () => {
            seen = await rules();
            return seen === rulesBefore ? true : undefined;
          },
          () => difference(rulesBefore, seen),
        );
        await untilTurn();
        for (const fault of faultAt(call, lines)) await shims.inject(tool, fault, 1);
        await write(after);
        const end = { seen: false };
        void agent.ended.then(() => (end.seen = true));
        // The change may be done, and the agent be killed all the same: but not once it reports that nothing is left to do.
        await waitFor(`an end or the change, ${kill}`, DEADLINE_MS, async () =>
          end.seen || ((await rules()) === rulesAfter && (await space.idle())) ? true : undefined,
        );
        if (end.seen) {
          reached.push(kill);
          const now = await passes();
          const leaked = now.flatMap((each, at) =>
            each && passedBefore[at] === false && passedAfter[at] === false ? [textOf(at)] : [],
          );
          expect({ kill, leaked }).toEqual({ kill, leaked: [] });
        }
        await shims.heal();
        if (end.seen) agent = await start();
        await untilPasses(`the second state, ${kill}`, passedAfter);
        await write(before);
        await untilPasses(`the first state again, ${kill}`, passedBefore);
      }
      expect(reached.length).toBeGreaterThanOrEqual(2);
    },
    600_000,
  );
});
