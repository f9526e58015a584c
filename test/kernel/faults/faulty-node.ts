import { createSystemClock } from '../../../src/kernel/clock.ts';
import { type CommandRunner, createCommandRunner } from '../../../src/kernel/command.ts';
import type { Backend } from '../../../src/kernel/iptables.ts';
import { createKernel } from '../../../src/kernel/kernel.ts';
import { inNetns } from '../../../src/lab/batch.ts';
import { IP_FAMILIES } from '../../../src/model/family.ts';
import type { ClusterSnapshot } from '../../../src/model/snapshot.ts';
import { createReconciler, type Reconciler } from '../../../src/reconcile/reconciler.ts';
import type { SyncResult } from '../../../src/reconcile/sync-result.ts';
import { cleanUp } from '../../support/clean-up.ts';
import { createToolShims, type ToolShims } from '../../support/faults/tool-shims.ts';
import { waitFor } from '../../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from '../packet-filter.ts';

const DEADLINE_MS = 60_000;
/** No check comes while a test runs: what is repaired after a failure is repaired by a retry. */
const CHECK_INTERVAL_MS = 3_600_000;

/** A loop over the real packet filter of a namespace, whose tools can be made to fail. */
export interface FaultyNode {
  readonly filter: PacketFilter;
  readonly shims: ToolShims;
  readonly loop: Reconciler;
  readonly results: readonly SyncResult[];
  /** A new state of the cluster, and its revision. */
  change(snapshot: ClusterSnapshot, revision: string): void;
  /** Waits for a pass that fails after this call. @returns the reason */
  failure(): Promise<string>;
  /** Waits until the loop reports that the state of this revision is in force. */
  inForce(revision: string): Promise<void>;
  close(): Promise<void>;
}

export interface FaultyNodeSettings {
  readonly backend: Backend;
  readonly snapshot: ClusterSnapshot;
  /** Maximum time of a command. */
  readonly timeoutMs?: number;
}

const withTimeout = (runner: CommandRunner, timeoutMs: number | undefined): CommandRunner =>
  timeoutMs === undefined
    ? runner
    : { run: (file, args, options) => runner.run(file, args, { ...options, timeoutMs }) };

/** Opens the node and waits until the first state is in force, as revision `1`. */
export const openFaultyNode = async (settings: FaultyNodeSettings): Promise<FaultyNode> => {
  const { backend, timeoutMs } = settings;
  const filter = await openPacketFilter(backend);
  const shims = await createToolShims();
  const runner = withTimeout(createCommandRunner([...inNetns(filter.name), ...shims.prefix]), timeoutMs);
  const results: SyncResult[] = [];
  let state = { snapshot: settings.snapshot, revision: '1' };
  const loop = createReconciler(
    { node: 'n1', checkIntervalMs: CHECK_INTERVAL_MS, program: {} },
    {
      source: { hasSynced: () => true, snapshot: () => state.snapshot, revisions: () => ({ all: state.revision }) },
      kernel: createKernel(runner, {
        backend,
        families: IP_FAMILIES,
        xtablesWaitSeconds: 1,
        reader: filter.reader,
        nft: filter.nft,
      }),
      clock: createSystemClock(),
      report: (result) => results.push(result),
    },
  );
  const node: FaultyNode = {
    filter,
    shims,
    loop,
    results,
    change(snapshot, revision) {
      state = { snapshot, revision };
      loop.trigger();
    },
    async failure() {
      const from = results.length;
      const ask = (): Promise<string | undefined> =>
        Promise.resolve(results.slice(from).find(({ error }) => error !== undefined)?.error);
      return waitFor('a pass to fail', DEADLINE_MS, ask, () => JSON.stringify(loop.status()));
    },
    async inForce(revision) {
      const holds = (): boolean => {
        const { appliedResourceVersions: applied, failures, pending } = loop.status();
        return applied['all'] === revision && failures === 0 && !pending;
      };
      const ask = (): Promise<true | undefined> => Promise.resolve(holds() || undefined);
      await waitFor(`revision ${revision}`, DEADLINE_MS, ask, () => JSON.stringify(loop.status()));
    },
    async close() {
      await cleanUp(
        () => shims.heal(),
        () => loop.stop(),
        () => shims.close(),
        () => filter.close(),
      );
    },
  };
  await node.inForce('1');
  return node;
};
