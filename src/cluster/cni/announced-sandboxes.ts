import { isGone } from '../../addresses/weigh-sandboxes.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import type { CniResults } from './follow-results.ts';
import type { CniResult } from './parse-result.ts';

export interface AnnouncedSandboxesDeps {
  /** The runtime's cache of CNI results; undefined if it is not read. */
  readonly results: CniResults | undefined;
  /** Returns the names of all interfaces of the node's network namespace. */
  readonly readInterfaces: () => Promise<ReadonlySet<string>>;
  /** ms since the epoch */
  readonly now: () => number;
}

/**
 * CNI results of the runtime, and before them those that the CNI plugin announces: the runtime writes its file after
 * the last plugin.
 */
export interface AnnouncedSandboxes extends CniResults {
  /** Takes a pod's new interface. Returns once every listener was called. */
  announce(containerId: string, result: CniResult): void;
  /** Takes back an announcement: the interface is about to be removed. */
  withdraw(containerId: string): void;
}

interface Announcement {
  readonly result: CniResult;
  readonly sandbox: Sandbox;
}

/** More sandboxes than a node runs; beyond it the oldest is forgotten. */
const MOST = 2048;
/** For this long a new interface may be missing in a list that was read earlier. */
const FRESH_MS = 10_000;

const sameMembers = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

const isSameSandbox = (one: Sandbox, other: Sandbox): boolean =>
  sameMembers(one.ips, other.ips) && sameMembers(one.hostInterfaces, other.hostInterfaces);

/**
 * Adds announced results to the runtime's. An announcement counts until the runtime has written the file of the same sandbox,
 * until it is withdrawn, or until an interface that it names is gone.
 */
export const withAnnouncements = ({ results, readInterfaces, now }: AnnouncedSandboxesDeps): AnnouncedSandboxes => {
  const announced = new Map<string, Announcement>();
  let tell: (podUid: string) => void = () => undefined;

  const ofPod = (podUid: string): readonly (readonly [containerId: string, announcement: Announcement])[] =>
    [...announced].filter(([, { result }]) => result.podUid === podUid);

  const forgetNoted = (podUid: string): void => {
    const noted = results?.sandboxesOf(podUid) ?? [];
    for (const [containerId, { sandbox }] of ofPod(podUid)) {
      if (noted.some((each) => each.notedAt >= sandbox.notedAt && isSameSandbox(each, sandbox)))
        announced.delete(containerId);
    }
  };

  const drop = (containerId: string): void => {
    const announcement = announced.get(containerId);
    if (announcement === undefined) return;
    announced.delete(containerId);
    tell(announcement.result.podUid);
  };

  /** Removes announcements whose interfaces are gone: a runtime may have ended before it withdrew them. */
  const sweep = async (): Promise<void> => {
    const old = [...announced].filter(([, { sandbox }]) => now() - sandbox.notedAt > FRESH_MS);
    if (old.length === 0) return;
    // A failed read proves nothing.
    const interfaces = await readInterfaces().catch(() => undefined);
    if (interfaces === undefined) return;
    for (const [containerId, { sandbox }] of old) if (isGone(sandbox, interfaces)) drop(containerId);
  };

  return {
    start(onChange) {
      tell = onChange;
      results?.start((podUid) => {
        forgetNoted(podUid);
        onChange(podUid);
      });
    },
    hasLooked: () => results?.hasLooked() ?? true,
    sandboxesOf: (podUid) => [
      ...(results?.sandboxesOf(podUid) ?? []),
      ...ofPod(podUid).map(([, { sandbox }]) => sandbox),
    ],
    podUids: () =>
      new Set([...(results?.podUids() ?? []), ...[...announced.values()].map(({ result }) => result.podUid)]),
    // Of two results for the same address the last one counts.
    links: () => [...(results?.links() ?? []), ...[...announced.values()].map(({ result }) => result)],
    status: () => results?.status() ?? { folder: '', watched: false, pods: 0 },
    async stop() {
      await results?.stop();
    },
    announce(containerId, result) {
      const { podUid, pod, ips, hostInterfaces } = result;
      announced.delete(containerId);
      announced.set(containerId, { result, sandbox: { podUid, pod, ips, hostInterfaces, notedAt: now() } });
      const [oldest] = announced.keys();
      if (announced.size > MOST && oldest !== undefined) drop(oldest);
      forgetNoted(podUid);
      tell(podUid);
      void sweep();
    },
    withdraw: drop,
  };
};
