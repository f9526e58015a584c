import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { overlayMap } from '../overlay-map.ts';
import type { ClusterSource } from '../source.ts';
import type { CniResults } from './follow-results.ts';

const sameTexts = (one: readonly string[] | undefined, other: readonly string[]): boolean =>
  one?.join() === other.join();

/**
 * The same cluster, in which a pod of this node has the address that libcni noted for it until the API tells one: some
 * 0.2 s before its first container starts, instead of a second after. Only a pod that the API knows on this node is given
 * one, so files that a crash or a reboot left behind change nothing.
 *
 * What the API tells wins. The one exception: a file that came while the API had told an address already is about a new
 * sandbox of the same pod, of which the API will tell; until it tells something new, the file's address counts.
 */
export const withEarlyAddresses = (source: ClusterSource, results: CniResults, node: string): ClusterSource => {
  const early = new Map<string, PodEndpoint>();
  /** What the API told of a pod's addresses when its file came, for as long as it tells nothing else. */
  const toldBefore = new Map<string, readonly string[]>();

  let under = source.snapshot();
  let seen: ClusterSnapshot = { ...under, pods: overlayMap(under.pods, early) };

  const told = (uid: string): PodEndpoint | undefined => source.snapshot().pods.get(uid);

  const earlyOf = (uid: string): PodEndpoint | undefined => {
    const pod = told(uid);
    if (pod?.node !== node || pod.hostNetwork) return undefined;
    const ips = results.addressesOf(uid);
    if (ips === undefined || sameTexts(ips, pod.ips)) return undefined;
    return pod.ips.length === 0 || toldBefore.has(uid) ? { ...pod, ips } : undefined;
  };

  /** @returns whether the pod is another one now */
  const settle = (uid: string): boolean => {
    const before = early.get(uid);
    const after = earlyOf(uid);
    if (after === undefined) early.delete(uid);
    else early.set(uid, after);
    return before !== undefined || after !== undefined;
  };

  /** The API has told something since, or the pod is gone. */
  const forgetOutdated = (uid: string): void => {
    const before = toldBefore.get(uid);
    if (before !== undefined && !sameTexts(told(uid)?.ips, before)) toldBefore.delete(uid);
  };

  return {
    ...source,
    start(onChange) {
      results.start((uid) => {
        const pod = told(uid);
        if (pod !== undefined && results.hasLooked() && results.addressesOf(uid) !== undefined) {
          toldBefore.set(uid, pod.ips);
        } else toldBefore.delete(uid);
        if (settle(uid)) onChange({ kind: 'pods', key: uid });
      });
      source.start((change) => {
        if (change.kind === 'pods') {
          forgetOutdated(change.key);
          settle(change.key);
        }
        onChange(change);
      });
    },
    hasSynced: () => source.hasSynced() && results.hasLooked(),
    snapshot() {
      const base = source.snapshot();
      // Asked several times for each change, and live like the maps below it.
      if (base !== under) seen = { ...base, pods: overlayMap(base.pods, early) };
      under = base;
      return seen;
    },
    async stop() {
      await Promise.all([source.stop(), results.stop()]);
    },
  };
};
