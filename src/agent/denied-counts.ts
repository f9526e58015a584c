import type { CommandRunner } from '../kernel/command.ts';
import type { HomeTables } from '../kernel/home-tables.ts';
import type { Backend } from '../kernel/iptables.ts';
import { type AskedChain, readRefusedPackets } from '../kernel/chain-counters.ts';
import { type Clock, settledWithin } from '../model/clock.ts';
import type { IpFamily } from '../model/family.ts';
import type { Isolation } from '../policy/node-policy.ts';
import { INJECTED_CHAIN, SPOOFED_CHAIN } from '../program/names.ts';
import { refusalOf } from '../records/reason.ts';
import { createTally } from '../records/tally.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import type { Plan } from '../render/plan.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import { policyName, policyNamespace } from '../model/policy-object.ts';

export interface DeniedCountsParts {
  readonly runner: CommandRunner;
  readonly backend: Backend;
  readonly homes: HomeTables;
  readonly isolationOf: (chain: string) => Isolation | undefined;
  readonly metrics: AgentMetrics;
  readonly clock: Clock;
}

/** Counts refused packets by the kernel's own counters, of the chains alone that reported some. */
export interface DeniedCounts {
  /** A packet of the family was reported by the chain. */
  note(family: IpFamily, prefix: string): void;
  /** Reads the counters; to be called at a scrape. Never rejects. */
  count(): Promise<void>;
  /** The kernel, with counters read before a change that resets them. */
  over(kernel: Kernel): Kernel;
}

/** For this time after a report of an edge its further packets are counted but not reported. */
const UNREPORTED_MS = 2500;
/** Maximum time that a change of rules waits for the counters. */
const MOST_WAIT_MS = 100;
/** Chains read at once. */
const MOST_CHAINS = 64;

export const createDeniedCounts = (parts: DeniedCountsParts): DeniedCounts => {
  const { runner, backend, homes, isolationOf, metrics, clock } = parts;
  const tally = createTally();
  /** When each chain reported last, by family and prefix. */
  const reported = new Map<string, { readonly chain: AskedChain; at: number; labels: ReturnType<typeof labelsOf> }>();
  let counting: Promise<void> | undefined;

  const labelsOf = (prefix: string) => {
    const { reason, direction } = refusalOf(prefix) ?? { reason: 'policy' as const, direction: undefined };
    const policies = isolationOf(prefix)?.policies ?? [];
    return {
      direction: direction ?? ('' as const),
      policyNamespace: policies.slice(0, 1).map(policyNamespace).join(''),
      isolatedBy: policies.map(policyName).join(','),
      reason: reason === 'policy' && direction !== undefined && policies.length === 0 ? ('closed' as const) : reason,
    };
  };

  const tableOf = (family: IpFamily, prefix: string): AskedChain['table'] =>
    prefix === SPOOFED_CHAIN || prefix === INJECTED_CHAIN ? 'raw' : (homes[family] ?? 'security');

  const countNow = async (): Promise<void> => {
    const began = clock.now();
    const asked = [...reported].slice(0, MOST_CHAINS);
    const found = await readRefusedPackets(
      runner,
      backend,
      asked.map(([, { chain }]) => chain),
    ).catch(() => []);
    const added = tally.take(
      found.map(({ family, chain, prefix, packets }) => ({
        counter: `${family} ${chain}`,
        name: `${family} ${prefix}`,
        packets,
      })),
    );
    for (const [key, entry] of asked) {
      const packets = added.get(key) ?? 0;
      if (packets > 0) metrics.recordDenied(entry.labels, packets);
      // The others come first next time.
      reported.delete(key);
      if (began - entry.at < UNREPORTED_MS) reported.set(key, entry);
    }
  };

  const count = (): Promise<void> =>
    (counting ??= countNow().finally(() => {
      counting = undefined;
    }));

  const textOf = ({ tables, raw }: Plan): string => [tables, raw].flatMap((each) => Object.values(each ?? {})).join('');

  return {
    note(family, prefix) {
      const key = `${family} ${prefix}`;
      const known = reported.get(key);
      if (known !== undefined) {
        known.at = clock.now();
        return;
      }
      const chain: AskedChain = { family, table: tableOf(family, prefix), prefix };
      reported.set(key, { chain, at: clock.now(), labels: labelsOf(prefix) });
    },
    count: () => (reported.size === 0 ? Promise.resolve() : count()),
    over: (kernel) => ({
      ...kernel,
      async apply(plan) {
        if (reported.size === 0) {
          await kernel.apply(plan);
          return;
        }
        const text = textOf(plan);
        const isEmptied = (chain: string): boolean => text.includes(`:${chain} - [`);
        if ([...reported.values()].some(({ chain }) => isEmptied(chain.prefix))) {
          await settledWithin(clock, MOST_WAIT_MS, count());
        }
        await kernel.apply(plan);
        tally.restart((counter) => isEmptied(counter.slice(counter.indexOf(' ') + 1)));
      },
    }),
  };
};
