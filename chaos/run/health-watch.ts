import { setTimeout as delay } from 'node:timers/promises';
import type { AgentStatus } from '../../test/support/lab/agent.ts';
import type { Post } from '../stage/stage.ts';

/** Time between two checks of each agent. */
const EVERY_MS = 100;

/** Looks at what the agents say of themselves, all the while. */
export interface HealthWatch {
  /** What was wrong since the last call. */
  findings(): readonly string[];
  /** Number of requests that an agent answered. */
  looks(): number;
  /** How often it said that a part is not in force. */
  told(): number;
  stop(): Promise<void>;
}

const partsOf = ({ notInForce = [] }: AgentStatus): readonly string[] => notInForce.map(({ part }) => part);

/** A part that is not in force before and after a request of /healthz was not in force then either: `ok` was wrong. */
export const watchHealth = (posts: readonly Post[]): HealthWatch => {
  const found: string[] = [];
  let looks = 0;
  let told = 0;
  const ending = new AbortController();

  const look = async ({ agent }: Post): Promise<void> => {
    const before = partsOf(await agent.status());
    const health = await agent.health();
    const after = partsOf(await agent.status());
    const still = before.filter((part) => after.includes(part));
    looks += 1;
    if (still.length === 0) return;
    told += 1;
    if (health.trim() === 'ok') found.push(`${agent.node}: /healthz says ok while ${still.join(', ')} is not in force`);
  };

  const watch = async (post: Post): Promise<void> => {
    while (!ending.signal.aborted) {
      // An agent that is down or that ends meanwhile says nothing wrong.
      await look(post).catch(() => undefined);
      await delay(EVERY_MS);
    }
  };

  const watches = posts.map(watch);
  return {
    findings: () => found.splice(0),
    looks: () => looks,
    told: () => told,
    async stop() {
      ending.abort();
      await Promise.all(watches);
    },
  };
};
