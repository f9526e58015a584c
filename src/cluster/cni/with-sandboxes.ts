import { weighPod, weighUnknown } from '../../addresses/weigh-sandboxes.ts';
import type { Clock } from '../../model/clock.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import { overlayMap } from '../trim-labels.ts';
import type { ClusterSource } from '../source.ts';
import type { CniResults } from './follow-results.ts';
import { followLivingSandboxes, type LivingSandboxesDeps } from './living-sandboxes.ts';
import { createVanishedPods, type VanishedPodsDeps } from './vanished-pods.ts';

export interface SandboxesDeps {
  /** Undefined if no CNI results are read. */
  readonly results: CniResults | undefined;
  readonly node: string;
  /** Reads the state of the node's network namespace that proves which sandboxes exist. */
  readonly host: Pick<LivingSandboxesDeps, 'readInterfaces'> & Pick<VanishedPodsDeps, 'readRoutedAddresses'>;
  readonly clock: Clock;
}

const NO_RESULTS: Pick<CniResults, 'start' | 'sandboxesOf' | 'podUids' | 'hasLooked' | 'stop'> = {
  start: () => undefined,
  sandboxesOf: () => [],
  podUids: () => [],
  hasLooked: () => true,
  stop: () => Promise.resolve(),
};

/**
 * Combines the cluster with the node's sandboxes. A pod has the address of its newest sandbox about 0.2 s before its first
 * container starts. A sandbox whose pod the API server does not know is closed, and so is a pod of the node that is gone
 * from the API server and never had a CNI result. src/addresses and docs/addresses.md say how claims are weighed. Except
 * for vanished pods, the result depends on the newest state of the sources alone.
 */
export const withSandboxes = (source: ClusterSource, { results, node, host, clock }: SandboxesDeps): ClusterSource => {
  const { hasLooked, stop, ...notes } = results ?? NO_RESULTS;
  /** Pods that the API server knows, with the claims of their sandboxes. */
  const weighed = new Map<string, PodEndpoint>();
  /** Closed pods: they stand for sandboxes and pods that the API server does not know. */
  const closed = new Map<string, PodEndpoint>();
  /** The pods of the node in their last state. */
  const local = new Map<string, PodEndpoint>();
  /** Pods that ever had a CNI result: for these the agent knows when a sandbox goes. */
  const everNoted = new Set<string>();
  /** Pods whose addresses depend on whether a sandbox exists. */
  const doubtful = new Set<string>();
  let hadNone = true;
  let onChange: Parameters<ClusterSource['start']>[0] = () => undefined;

  let under = source.snapshot();
  let seen: ClusterSnapshot = { ...under, pods: overlayMap(under.pods, weighed, closed) };

  const told = (podUid: string): PodEndpoint | undefined => source.snapshot().pods.get(podUid);
  /**
   * Reports whether the API server knows no pod. Such a server is more likely wrong than right, and before the first list its
   * state is unknown: then no sandbox is closed only because it is unknown.
   */
  const knowsNone = (): boolean => {
    const { synced, listedNone } = source.status().pods;
    return !synced || listedNone === true;
  };

  const sandboxes = followLivingSandboxes({
    results: notes,
    readInterfaces: host.readInterfaces,
    clock,
    outlivesNotes: (podUid) => told(podUid) === undefined,
    isDoubtful: () => doubtful.size > 0,
  });
  const vanished = createVanishedPods({
    readRoutedAddresses: host.readRoutedAddresses,
    clock,
    onForgotten(podUid) {
      settle(podUid);
      onChange({ kind: 'pods', key: podUid });
    },
  });

  const settleKnown = (pod: PodEndpoint): void => {
    const { uid } = pod;
    closed.delete(uid);
    vanished.delete(uid);
    if (pod.node !== node) {
      weighed.delete(uid);
      local.delete(uid);
      doubtful.delete(uid);
      return;
    }
    const living = sandboxes.of(uid);
    const now = weighPod(pod, living, sandboxes.notedOf(uid));
    if (now === pod) weighed.delete(uid);
    else weighed.set(uid, now);
    local.set(uid, now);
    if (living.length > 1 || (now.sandbox?.doubted.length ?? 0) > 0) doubtful.add(uid);
    else doubtful.delete(uid);
  };

  const settleUnknown = (podUid: string): void => {
    weighed.delete(podUid);
    const pod = local.get(podUid);
    local.delete(podUid);
    const isUntold = pod !== undefined && !pod.hostNetwork && pod.ips.length > 0 && !everNoted.has(podUid);
    if (isUntold && !knowsNone()) vanished.add(pod);
    everNoted.delete(podUid);
    const unknown = knowsNone() ? undefined : weighUnknown(podUid, sandboxes.of(podUid), node);
    const now = unknown ?? vanished.get(podUid);
    if (now === undefined) closed.delete(podUid);
    else closed.set(podUid, now);
    if (unknown === undefined) doubtful.delete(podUid);
    else doubtful.add(podUid);
  };

  function settle(podUid: string): void {
    const pod = told(podUid);
    if (pod === undefined) settleUnknown(podUid);
    else settleKnown(pod);
  }

  const settleAndLook = (podUid: string): void => {
    const had = doubtful.has(podUid);
    settle(podUid);
    if (!had && doubtful.has(podUid)) sandboxes.look();
  };

  /** Closes or opens all unknown sandboxes when the API server's first pod comes or its last one goes. */
  const followEmptiness = (): void => {
    if (knowsNone() === hadNone) return;
    hadNone = knowsNone();
    if (hadNone) for (const uid of vanished.uids()) vanished.delete(uid);
    for (const podUid of new Set([...sandboxes.podUids(), ...closed.keys()])) {
      if (told(podUid) !== undefined) continue;
      settleAndLook(podUid);
      onChange({ kind: 'pods', key: podUid });
    }
  };

  return {
    ...source,
    start(listener) {
      onChange = listener;
      sandboxes.start((podUid) => {
        if (sandboxes.of(podUid).length > 0 && told(podUid) !== undefined) everNoted.add(podUid);
        const had = weighed.has(podUid) || closed.has(podUid);
        settleAndLook(podUid);
        if (had || weighed.has(podUid) || closed.has(podUid)) onChange({ kind: 'pods', key: podUid });
      });
      source.start((change) => {
        if (change.kind === 'pods') {
          followEmptiness();
          if (sandboxes.of(change.key).length > 0) everNoted.add(change.key);
          settleAndLook(change.key);
        }
        onChange(change);
      });
    },
    hasSynced: () => source.hasSynced() && hasLooked(),
    snapshot() {
      const base = source.snapshot();
      // Read several times for each change, and live like the maps below it.
      if (base !== under) seen = { ...base, pods: overlayMap(base.pods, weighed, closed) };
      under = base;
      return seen;
    },
    async stop() {
      sandboxes.stop();
      vanished.stop();
      await Promise.all([source.stop(), stop()]);
    },
  };
};
