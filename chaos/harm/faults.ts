import { setTimeout as delay } from 'node:timers/promises';
import type { ApiFault } from '../../test/support/faults/api-proxy.ts';
import { holdXtablesLock } from '../../test/support/faults/xtables-lock.ts';
import type { ShimmedTool, ToolFault } from '../../test/support/faults/tool-shims.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { Random } from '../random.ts';
import type { Post, Stage } from '../stage/stage.ts';
import { type Harm, NO_TAMPERING } from './harm.ts';

/** Maximum time until an agent reports a part that it cannot program. */
const TOLD_MS = 2_000;

const anyPost = ({ posts }: Stage, random: Random): Post => random.pick(posts);

/** Makes the API server fail. Existing connections are broken first, so that requests are made during the changes. */
const apiFault = (name: string, fault: ApiFault, weight = 3): Harm => ({
  name,
  kind: 'fault',
  weight,
  strike(stage, random) {
    const { proxy } = anyPost(stage, random);
    let left = 1 + random.below(3);
    proxy.fault = () => {
      left -= 1;
      return left >= 0 ? fault : undefined;
    };
    proxy.cut();
    return Promise.resolve({
      ...NO_TAMPERING,
      async heal() {
        await delay(20 + random.below(60));
        proxy.fault = () => undefined;
      },
    });
  },
});

/** Makes the next calls of a tool that changes the kernel fail. */
const toolFault = (name: string, tools: readonly ShimmedTool[], fault: (random: Random) => ToolFault): Harm => ({
  name,
  kind: 'fault',
  weight: 5,
  async strike(stage, random) {
    const { shims } = anyPost(stage, random);
    const fitting = tools.filter((tool) => !tool.includes('tables') || tool.includes(stage.backend));
    await shims.inject(random.pick(fitting), fault(random), 1 + random.below(2));
    return { ...NO_TAMPERING, heal: () => shims.heal() };
  },
});

const RESTORES: readonly ShimmedTool[] = [
  'ipset-restore',
  'iptables-nft-restore',
  'ip6tables-nft-restore',
  'iptables-legacy-restore',
  'ip6tables-legacy-restore',
];
const SAVES: readonly ShimmedTool[] = [
  'ipset-save',
  'iptables-nft-save',
  'ip6tables-nft-save',
  'iptables-legacy-save',
  'ip6tables-legacy-save',
];

const agentEnds = (how: 'SIGTERM' | 'SIGKILL'): Harm => ({
  name: how === 'SIGKILL' ? 'agent killed' : 'agent restarted',
  kind: 'fault',
  weight: 2,
  async strike(stage, random) {
    const { agent } = anyPost(stage, random);
    // At any moment, also during a pass.
    await delay(random.below(30));
    await agent.end(how);
    return { ...NO_TAMPERING, heal: () => agent.revive() };
  },
});

export const FAULTS: readonly Harm[] = [
  {
    name: 'API server silent',
    kind: 'fault',
    weight: 5,
    strike(stage, random) {
      const { proxy } = anyPost(stage, random);
      proxy.stall();
      return Promise.resolve({
        ...NO_TAMPERING,
        async heal() {
          await delay(random.below(150));
          proxy.flow();
        },
      });
    },
  },
  {
    name: 'API server gone',
    kind: 'fault',
    weight: 3,
    async strike(stage, random) {
      const { proxy } = anyPost(stage, random);
      await proxy.down();
      return {
        ...NO_TAMPERING,
        async heal() {
          await delay(random.below(100));
          await proxy.up();
        },
      };
    },
  },
  {
    name: 'API server restarted',
    kind: 'fault',
    weight: 0.25,
    async strike({ api }) {
      await api.halt();
      await api.resume();
      return { ...NO_TAMPERING, heal: () => Promise.resolve() };
    },
  },
  apiFault('API server answers 410', { kind: 'status', code: 410 }),
  apiFault('API server ends watches with 410', { kind: 'error event', code: 410 }),
  apiFault('API server answers 429', { kind: 'status', code: 429, headers: { 'Retry-After': '1' } }, 1),
  apiFault('API server answers 500', { kind: 'status', code: 500 }),
  apiFault('API server breaks connections', { kind: 'reset' }),
  apiFault('API server breaks off answers', { kind: 'truncate', bytes: 200 }),
  apiFault('API server answers nonsense', { kind: 'garbage' }),
  apiFault('API server late', { kind: 'delay', ms: 100 }),
  agentEnds('SIGTERM'),
  agentEnds('SIGKILL'),
  toolFault('restore refused', RESTORES, () => ({ kind: 'refuse', message: 'chaos: no' })),
  toolFault('restore refused halfway', RESTORES, (random) => ({
    kind: 'refuse',
    message: 'chaos: no more',
    after: random.below(6),
  })),
  toolFault('restore killed halfway', RESTORES, (random) => ({ kind: 'killed', after: random.below(6) })),
  toolFault('restore late', RESTORES, (random) => ({ kind: 'delay', ms: random.below(120) })),
  toolFault('reading back refused', SAVES, () => ({ kind: 'refuse', message: 'chaos: cannot read' })),
  {
    name: 'restores of a family refused',
    kind: 'fault',
    weight: 5,
    async strike(stage, random) {
      const { shims, agent } = anyPost(stage, random);
      const tool = random.pick(['iptables', 'ip6tables'] as const);
      await shims.inject(`${tool}-${stage.backend}-restore`, { kind: 'refuse', message: 'chaos: none of these' });
      return {
        ...NO_TAMPERING,
        async heal() {
          // Long enough for the agent to report the part, if the changes touch that family at all.
          const isTold = async (): Promise<true | undefined> =>
            ((await agent.status()).notInForce ?? []).length > 0 || undefined;
          await waitFor('the part to be reported', TOLD_MS, isTold).catch(() => undefined);
          await delay(random.below(500));
          await shims.heal();
        },
      };
    },
  },
  {
    name: 'agent killed in a restore',
    kind: 'fault',
    weight: 2,
    async strike(stage, random) {
      const { shims, agent } = anyPost(stage, random);
      const fitting = RESTORES.filter((tool) => !tool.includes('tables') || tool.includes(stage.backend));
      await shims.inject(random.pick(fitting), { kind: 'kill caller', after: random.pick([0, 1, 3, 'all']) }, 1);
      return {
        ...NO_TAMPERING,
        async heal() {
          // It is not certain that the changes lead to such a call; an agent that ended needs time to be noticed.
          await delay(150);
          await shims.heal();
          await agent.end('SIGKILL');
          await agent.revive();
        },
      };
    },
  },
  {
    name: 'xtables lock held',
    kind: 'fault',
    weight: 2,
    async strike(stage, random) {
      const { node } = anyPost(stage, random);
      const release = await holdXtablesLock(`/run/xtables-${node.spec.name}.lock`);
      return {
        ...NO_TAMPERING,
        async heal() {
          await delay(random.below(300));
          await release();
        },
      };
    },
  },
];
