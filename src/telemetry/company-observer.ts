import type { EventSink, OperatorEvent } from '../model/operator-event.ts';
import type { Logger } from './logger.ts';
import type { AgentMetrics } from './metrics.ts';

interface Seen {
  readonly engines: readonly string[];
  readonly mixedBackends: boolean;
}

const eventsOf = ({ engines, mixedBackends }: Seen): readonly OperatorEvent[] => [
  ...engines.map(
    (engine): OperatorEvent => ({
      type: 'Warning',
      reason: 'OtherPolicyEngine',
      action: 'Inspect',
      note: `${engine} also enforces policies on this node, and a packet must pass both: remove one of them`,
    }),
  ),
  ...(mixedBackends
    ? [
        {
          type: 'Warning',
          reason: 'BothIptablesBackends',
          action: 'Inspect',
          note: 'both iptables backends hold rules on this node, and both filter packets',
        } as const,
      ]
    : []),
];

const ENGINE_GONE = { type: 'Normal', reason: 'OtherPolicyEngineGone', action: 'Inspect' } as const;
const ONE_BACKEND: OperatorEvent = {
  type: 'Normal',
  reason: 'OneIptablesBackend',
  action: 'Inspect',
  note: 'one iptables backend alone holds rules on this node again',
};

/** Reports co-tenant engines and mixed backends as metrics, events and log lines, when they begin and end. */
export const createCompanyObserver = (
  metrics: Pick<AgentMetrics, 'setCompany'>,
  { log, events }: { readonly log: Pick<Logger, 'info' | 'warn'>; readonly events: EventSink },
): ((seen: Seen) => void) => {
  let known: Seen = { engines: [], mixedBackends: false };
  return (seen) => {
    const { engines, mixedBackends } = seen;
    events.stand('company', eventsOf(seen));
    metrics.setCompany(engines, mixedBackends);
    if (engines.length > 0) {
      log.warn('other policy engines run on this node, and a packet must pass all of them: remove all but one', {
        engines,
      });
    }
    if (mixedBackends) log.warn('both iptables backends hold rules on this node, and both filter packets');
    for (const engine of new Set(known.engines).difference(new Set(engines))) {
      log.info('another policy engine is gone from this node', { engine });
      events.tell({ ...ENGINE_GONE, note: `${engine} enforces no policies on this node any more` });
    }
    if (known.mixedBackends && !mixedBackends) {
      log.info('one iptables backend alone holds rules on this node again');
      events.tell(ONE_BACKEND);
    }
    known = seen;
  };
};
