import type { EventSink } from '../model/operator-event.ts';
import type { UnseenPod } from '../render/unseen-networks.ts';
import type { AgentMetrics } from './metrics.ts';
import type { Logger } from './logger.ts';

/** Reports pods whose packets bypass the node's rules as a metric, log lines and events, when they begin and end. */
export const createUnseenObserver = (
  metrics: Pick<AgentMetrics, 'setUnseenPods'>,
  { log, events }: { readonly log: Pick<Logger, 'info' | 'warn'>; readonly events: EventSink },
): ((unseen: readonly UnseenPod[]) => void) => {
  let known: ReadonlyMap<string, UnseenPod> = new Map();
  return (unseen) => {
    const now = new Map(unseen.map((each) => [`${each.uid} ${each.network}`, each]));
    metrics.setUnseenPods(unseen);
    for (const [key, { pod, network, detail }] of now) {
      if (!known.has(key))
        log.warn('no policy holds for a pod: no rule of the node sees its packets', { pod, network, detail });
    }
    for (const [key, { pod, network }] of known) {
      if (now.has(key)) continue;
      log.info('no longer unseen: the pod is gone, or rules see its packets now', { pod, network });
      events.tell({
        type: 'Normal',
        reason: 'NetworkSeen',
        action: 'Inspect',
        note: `the pod ${pod} on this node is gone, or rules see its packets now`,
      });
    }
    known = now;
    events.stand(
      'unseen networks',
      unseen.map(({ pod, detail }) => ({
        type: 'Warning',
        reason: 'UnseenNetwork',
        action: 'Inspect',
        note: `no policy holds for the pod ${pod} on this node, since no rule sees its packets: ${detail}`,
      })),
    );
  };
};
