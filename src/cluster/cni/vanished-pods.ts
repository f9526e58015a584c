import type { Clock } from '../../model/clock.ts';
import type { PodEndpoint } from '../../model/pod.ts';

export interface VanishedPodsDeps {
  /** Returns the addresses that have a route of their own. */
  readonly readRoutedAddresses: () => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
  readonly onForgotten: (podUid: string) => void;
}

/** Pods of the node that are gone from the API server, and that never had a CNI result. */
export interface VanishedPods {
  add(pod: PodEndpoint): void;
  get(podUid: string): PodEndpoint | undefined;
  delete(podUid: string): void;
  uids(): readonly string[];
  stop(): void;
}

/** More pods than a node runs; beyond it the oldest is forgotten. */
const MOST = 256;
/** A container that outlives its pod's object ends within this time, or never, because its kubelet is gone. */
const REMEMBERED_MS = 600_000;

export const createVanishedPods = ({ readRoutedAddresses, clock, onForgotten }: VanishedPodsDeps): VanishedPods => {
  /** Ordered by the time when they are due. */
  const pods = new Map<string, { readonly pod: PodEndpoint; readonly until: number }>();
  let cancel = (): void => undefined;
  let stopped = false;

  const schedule = (): void => {
    cancel();
    const [first] = pods.values();
    if (first !== undefined && !stopped) {
      cancel = clock.after(Math.max(0, first.until - clock.now()), () => void forgetDue());
    }
  };

  const put = (pod: PodEndpoint): void => {
    pods.delete(pod.uid);
    pods.set(pod.uid, { pod, until: clock.now() + REMEMBERED_MS });
  };

  const forgetDue = async (): Promise<void> => {
    const routed = await readRoutedAddresses().catch(() => undefined);
    for (const [podUid, { pod, until }] of [...pods]) {
      if (until > clock.now() || stopped) break;
      // A route to the address alone proves that the sandbox exists; a failed read proves nothing.
      if (routed === undefined || pod.ips.some((ip) => routed.has(ip))) put(pod);
      else {
        pods.delete(podUid);
        onForgotten(podUid);
      }
    }
    schedule();
  };

  return {
    add(pod) {
      put({ ...pod, closed: 'vanished' });
      const [oldest] = pods.keys();
      if (pods.size > MOST && oldest !== undefined) {
        pods.delete(oldest);
        onForgotten(oldest);
      }
      schedule();
    },
    get: (podUid) => pods.get(podUid)?.pod,
    delete: (podUid) => pods.delete(podUid),
    uids: () => [...pods.keys()],
    stop() {
      stopped = true;
      cancel();
    },
  };
};
