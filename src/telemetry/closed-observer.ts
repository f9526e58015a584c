import type { Clock } from '../model/clock.ts';
import { type Closure, CLOSURES, type PodEndpoint } from '../model/pod.ts';
import type { Logger } from './logger.ts';
import type { AgentMetrics } from './metrics.ts';

const WHY: Readonly<Record<Closure, string>> = {
  unknown: 'its sandbox lives but the API server does not know its pod',
  vanished: 'policies isolated it, the API server knows it no longer, and nothing tells that its sandbox is gone',
};

/**
 * A pod that is closed for less time is not logged: the API server may report it a moment later, or its sandbox may be
 * about to go.
 */
const SETTLING_MS = 2000;
/** Maximum pods in the status; the others are counted. */
const MOST_NAMED = 50;

/** The closed pods of the node in the status. */
export interface ClosedStatus {
  readonly count: number;
  readonly pods: readonly {
    readonly pod: string;
    readonly uid: string;
    readonly addresses: readonly string[];
    readonly reason: string;
  }[];
}

const nameOf = ({ namespace, name }: PodEndpoint): string => (namespace === '' ? name : `${namespace}/${name}`);

export const describeClosed = (pods: readonly PodEndpoint[]): ClosedStatus => ({
  count: pods.length,
  pods: pods.slice(0, MOST_NAMED).map((pod) => ({
    pod: nameOf(pod),
    uid: pod.uid,
    addresses: pod.ips,
    reason: WHY[pod.closed ?? 'unknown'],
  })),
});

/** Reports closed pods as metrics and log lines. */
export interface ClosedObserver {
  /** Called after each pass of the loop. */
  observe(pods: readonly PodEndpoint[]): void;
  stop(): void;
}

export const createClosedObserver = (
  metrics: Pick<AgentMetrics, 'setClosedPods'>,
  log: Pick<Logger, 'info' | 'warn'>,
  clock: Clock,
): ClosedObserver => {
  let known: readonly PodEndpoint[] = [];
  let told: ReadonlyMap<string, PodEndpoint> = new Map();
  let cancel: (() => void) | undefined;

  const tell = (): void => {
    cancel = undefined;
    const now = new Map(known.map((pod) => [pod.uid, pod]));
    for (const [uid, pod] of now) {
      if (told.has(uid)) continue;
      const reason = WHY[pod.closed ?? 'unknown'];
      log.warn('a deleted pod still runs; it is closed in both directions', {
        pod: nameOf(pod),
        uid,
        addresses: pod.ips,
        reason,
      });
    }
    for (const [uid, pod] of told) {
      if (!now.has(uid)) log.info('a deleted pod is no longer closed', { pod: nameOf(pod), uid, addresses: pod.ips });
    }
    told = now;
  };

  return {
    observe(pods) {
      if (pods === known) return;
      known = pods;
      const count = (reason: Closure): number => pods.filter(({ closed }) => closed === reason).length;
      metrics.setClosedPods(
        Object.fromEntries(CLOSURES.map((reason) => [reason, count(reason)])) as Record<Closure, number>,
      );
      cancel ??= clock.after(SETTLING_MS, tell);
    },
    stop() {
      cancel?.();
    },
  };
};
