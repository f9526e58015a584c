import { readFurtherInterfaces } from '../cluster/cni/further-interfaces.ts';
import type { CniResults } from '../cluster/cni/follow-results.ts';
import type { PodVerdict } from '../cluster/condition/reasons.ts';
import type { ClusterSource } from '../cluster/source.ts';
import type { CommandRunner } from '../kernel/command.ts';
import { findUnseenBridges, type UnseenBridge } from '../kernel/unseen-bridges.ts';
import { findUnseenNetworks } from '../kernel/unseen-networks.ts';
import { readRoutes } from '../kernel/routes.ts';
import type { ClusterChange } from '../model/cluster-change.ts';
import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { devicesTo } from '../render/route-devices.ts';
import { type AttachedPod, ofFamily, type UnseenPod } from '../render/unseen-networks.ts';
import { createBridgeObserver } from '../telemetry/bridge-observer.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import { createUnseenObserver } from '../telemetry/unseen-observer.ts';
import type { AgentContext } from './context.ts';
import { createLocalPods } from './local-pods.ts';

/** Networks change only when an administrator changes them. */
const EVERY_MS = 60_000;
/** Several pods often start at the same time. */
const GATHER_MS = 200;
/** Minimum interval of checks, since each one starts programs. */
const AT_MOST_MS = 2_000;
/** Only what lasts for this long counts: a pod that starts or goes may have no route for a moment. */
const DOUBT_MS = 3_000;

interface UnseenParts {
  readonly source: ClusterSource;
  readonly results: CniResults | undefined;
  readonly runner: CommandRunner;
  readonly families: readonly IpFamily[];
  readonly metrics: AgentMetrics;
  /** Called when pods' verdicts may have changed. */
  readonly onNews: () => void;
}

/** `looking` means that it is not known yet. */
type Sight = 'looking' | Pick<PodVerdict, 'reason' | 'message'> | undefined;

/** Finds pods whose packets bypass the node's rules. */
export interface Unseen {
  start(): void;
  noteChange(change: ClusterChange): void;
  /** Returns undefined if rules see the pod's packets. */
  sightOf(pod: PodEndpoint): Sight;
  /** Returns the reasons of pods whose packets bypass the rules, by UID. */
  reasons(): ReadonlyMap<string, string>;
  status(): { readonly unseenBridges: readonly UnseenBridge[] | undefined; readonly unseenPods: readonly UnseenPod[] };
  stop(): void;
}

const keyOf = ({ uid, ips }: PodEndpoint): string => `${uid} ${ips.join()}`;

export const createUnseen = (context: AgentContext, parts: UnseenParts): Unseen => {
  const { clock, config } = context;
  const { source, results, runner, families, metrics, onNews } = parts;
  const pods = createLocalPods(source, config.nodeName);
  const observeBridges = createBridgeObserver(metrics, context);
  const observePods = createUnseenObserver(metrics, context);
  /** Pods that the last check knew; below, the time since which each seems to be unseen. */
  let looked: ReadonlySet<string> = new Set();
  let suspects: ReadonlyMap<string, { readonly since: number; readonly pod: UnseenPod }> = new Map();
  let unseenPods: readonly UnseenPod[] = [];
  let unseenBridges: readonly UnseenBridge[] | undefined;
  let onBridge: ReadonlyMap<string, string> = new Map();
  let told = '';
  let toldBridges = '';
  let lookedAt = Number.NEGATIVE_INFINITY;
  let isLooking = false;
  let isStale = false;
  let started = false;
  let stopped = false;
  let cancel = (): void => undefined;

  const attached = (list: readonly PodEndpoint[], further: ReadonlyMap<string, readonly string[]>): AttachedPod[] =>
    list.map(({ uid, namespace, name, ips }) => {
      const notes = results?.sandboxesOf(uid) ?? [];
      const newest = notes.toSorted((a, b) => b.notedAt - a.notedAt)[0];
      return {
        uid,
        pod: `${namespace}/${name}`,
        ips,
        nodeInterfaces: newest?.hostInterfaces,
        further: further.get(uid) ?? [],
      };
    });

  const lookAtBridges = async (list: readonly PodEndpoint[]): Promise<void> => {
    const found = await findUnseenBridges(
      list.flatMap(({ ips }) => ips),
      families,
    );
    const reasons = new Map<string, string>();
    for (const { bridge, family } of found) {
      const routes = await readRoutes(family);
      for (const { uid, ips } of list) {
        if (devicesTo(ofFamily(ips, family), family, routes).has(bridge)) {
          reasons.set(uid, `${family} between the pods on ${bridge} passes no rule of iptables: br_netfilter is off`);
        }
      }
    }
    onBridge = reasons;
    unseenBridges = found;
    const text = JSON.stringify(found);
    if (text !== toldBridges) observeBridges(found);
    toldBridges = text;
  };

  const lookAtPods = async (list: readonly PodEndpoint[]): Promise<void> => {
    const { cniResults: folder } = config;
    const further = folder === undefined ? new Map<string, readonly string[]>() : await readFurtherInterfaces(folder);
    const found = await findUnseenNetworks(runner, attached(list, further));
    const now = clock.now();
    suspects = new Map(found.map((pod) => [pod.uid, { since: suspects.get(pod.uid)?.since ?? now, pod }] as const));
    unseenPods = [...suspects.values()].filter(({ since }) => now - since >= DOUBT_MS).map(({ pod }) => pod);
    const text = JSON.stringify(unseenPods);
    if (text !== told && (told !== '' || unseenPods.length > 0)) observePods(unseenPods);
    told = text;
  };

  const look = async (): Promise<void> => {
    isLooking = true;
    isStale = false;
    lookedAt = clock.now();
    const list = pods
      .list()
      .filter(({ ips, isTerminating, closed }) => ips.length > 0 && isTerminating !== true && closed === undefined);
    const keys = new Set(list.map(keyOf));
    // A failed check delays no pod: everything else that is known of it counts.
    await Promise.allSettled([lookAtBridges(list), lookAtPods(list)]);
    looked = keys;
    isLooking = false;
    if (stopped) return;
    onNews();
    schedule();
  };

  const schedule = (): void => {
    cancel();
    if (stopped || isLooking || !started) return;
    const now = clock.now();
    const isDoubting = suspects.size > unseenPods.length;
    const soon = Math.max(GATHER_MS, lookedAt + AT_MOST_MS - now);
    const ms = isStale ? soon : isDoubting ? DOUBT_MS : EVERY_MS;
    cancel = clock.after(ms, () => void look());
  };

  return {
    start() {
      started = true;
      isStale = true;
      schedule();
    },
    noteChange(change) {
      if (!pods.note(change) || isStale) return;
      const pod = source.snapshot().pods.get(change.key);
      // Most changes of a pod do not affect how it is attached.
      if (pod !== undefined && looked.has(keyOf(pod))) return;
      isStale = true;
      if (started) schedule();
    },
    sightOf(pod) {
      const unseen = unseenPods.find(({ uid }) => uid === pod.uid);
      if (unseen !== undefined) {
        return { reason: 'UnseenNetwork', message: `no rule of the node sees its packets: ${unseen.detail}` };
      }
      const bridge = onBridge.get(pod.uid);
      if (bridge !== undefined) return { reason: 'BridgeNotFiltered', message: bridge };
      return looked.has(keyOf(pod)) && !suspects.has(pod.uid) ? undefined : 'looking';
    },
    reasons: () => new Map([...onBridge, ...unseenPods.map(({ uid, detail }) => [uid, detail] as const)]),
    status: () => ({ unseenBridges, unseenPods }),
    stop() {
      stopped = true;
      cancel();
    },
  };
};
