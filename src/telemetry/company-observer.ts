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

/** Reports co-tenant engines and mixed backends as metrics, events and log lines. */
export const createCompanyObserver =
  (metrics: AgentMetrics, { log, events }: { readonly log: Logger; readonly events: EventSink }) =>
  (seen: Seen): void => {
    const { engines, mixedBackends } = seen;
    events.stand('company', eventsOf(seen));
    metrics.setCompany(engines, mixedBackends);
    if (engines.length > 0) {
      log.warn('other policy engines run on this node, and a packet must pass all of them: remove all but one', {
        engines,
      });
    }
    if (mixedBackends) {
      log.warn('both iptables backends hold rules on this node, and both filter packets');
    }
  };
