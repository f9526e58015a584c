import { setTimeout as delay } from 'node:timers/promises';
import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { RunningAgent } from '../agent/run-agent.ts';
import { remoteAddress } from '../state/addresses.ts';
import { benchNamespaces, benchPods } from '../state/cluster.ts';
import { benchPod, type BenchPod, runningStatus } from '../state/pod.ts';
import { policyOf } from '../state/policies.ts';
import type { Size } from '../state/size.ts';
import type { Windows } from './row.ts';

const CHANGES_PER_SECOND = 20;
/** Above the addresses of all pods of the state. */
const FIRST_NEW_ADDRESS = 1_000_000;
const RELABELLED_PODS = 500;
/** Number of relabelled pods per turn. */
const RELABELS = 4;
/** Coprime to the number of pods, so that each pod has its turn. */
const STRIDE = 7;

/** Counts over all rounds, since the cluster's state stays from round to round: no turn repeats what exists already. */
let turnsSoFar = 0;

type Change = (turn: number) => Promise<unknown>;

/**
 * Returns ten changes like those of a busy cluster: four pods relabelled, two pods created, the same two deleted, a
 * policy of a namespace with pods of ours created or deleted, and another one edited.
 */
const changesOf = (admin: AdminClient, size: Size, nodeAddress: string): readonly Change[] => {
  const pods: BenchPod[] = [];
  for (const { pod } of benchPods({ ...size, pods: Math.min(size.pods, RELABELLED_PODS) }, nodeAddress)) pods.push(pod);
  const namespaces = benchNamespaces(size).slice(0, Math.min(size.namespaces, size.localPods));
  const namespaceAt = (turn: number): string => namespaces[turn % namespaces.length]?.metadata.name ?? 'default';

  const relabel =
    (nth: number): Change =>
    async (turn) => {
      const at = RELABELS * turn + nth;
      // The node's own pods come first, so that every window contains some of them.
      const pod = pods[(at * STRIDE) % pods.length];
      if (pod === undefined) return;
      const before = Number(pod.metadata.labels['app']?.slice('app-'.length)) + Math.floor(at / pods.length);
      await admin.patch(pod, { metadata: { labels: { app: `app-${String((before + 1) % 10)}` } } });
    };
  const place = (turn: number, nth: number): BenchPod =>
    benchPod({
      namespace: namespaceAt(turn),
      name: `churn-${String(turn)}-${String(nth)}`,
      node: 'node-0',
      labels: { app: `app-${String(turn % 10)}`, tier: 'front' },
    });
  const come =
    (nth: number): Change =>
    async (turn) => {
      await admin.create(place(turn, nth));
      await admin.patchStatus(
        place(turn, nth),
        runningStatus(remoteAddress(FIRST_NEW_ADDRESS + 2 * turn + nth), '172.19.0.9'),
      );
    };
  const go =
    (nth: number): Change =>
    (turn) =>
      admin.delete(place(turn, nth));
  const policy = (turn: number): ReturnType<typeof policyOf> =>
    policyOf(namespaceAt(Math.floor(turn / 2)), 'churn', {
      podSelector: { matchLabels: { tier: 'front' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'app-1' } } }], ports: [{ port: 1000 + turn }] }],
    });
  const togglePolicy: Change = (turn) => (turn % 2 === 0 ? admin.create(policy(turn)) : admin.delete(policy(turn)));
  const editPolicy: Change = (turn) =>
    admin.patch(policyOf(namespaceAt(turn), 'policy-1', {}), {
      spec: {
        ingress: [{ from: [{ podSelector: { matchLabels: { tier: 'front' } } }], ports: [{ port: 8000 + turn }] }],
      },
    });
  return [relabel(0), come(0), relabel(1), come(1), togglePolicy, relabel(2), go(0), relabel(3), go(1), editPolicy];
};

const measureWindow = async (
  agent: RunningAgent,
  changes: readonly Change[],
  firstTurn: number,
  turns: number,
): Promise<number> => {
  const before = agent.usage().cpuSeconds;
  const startedAt = performance.now();
  for (let index = 0; index < turns * changes.length; index += 1) {
    await changes[index % changes.length]?.(firstTurn + Math.floor(index / changes.length));
    const due = startedAt + ((index + 1) * 1000) / CHANGES_PER_SECOND;
    await delay(Math.max(0, due - performance.now()));
  }
  agent.assertAlive();
  const elapsed = (performance.now() - startedAt) / 1000;
  return ((agent.usage().cpuSeconds - before) * 60) / elapsed;
};

export interface ChurnContext {
  readonly admin: AdminClient;
  readonly size: Size;
  readonly nodeAddress: string;
}

/**
 * Makes changes at a steady pace.
 * @returns CPU time of the agent and its children in each window, scaled to 60 s
 */
export const measureChurn = async (
  agent: RunningAgent,
  { admin, size, nodeAddress }: ChurnContext,
  { seconds, windows }: Windows,
): Promise<readonly number[]> => {
  const changes = changesOf(admin, size, nodeAddress);
  // An even number of turns, so that every created object is also deleted.
  const turns = 2 * Math.ceil((seconds * CHANGES_PER_SECOND) / (2 * changes.length));
  const used: number[] = [];
  while (used.length < windows) {
    used.push(await measureWindow(agent, changes, turnsSoFar, turns));
    turnsSoFar += turns;
  }
  return used;
};
