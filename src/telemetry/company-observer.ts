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
      action: 'LookAround',
      note: `${engine} enforces policy on this node as well: a packet has to pass both; remove one of them`,
    }),
  ),
  ...(mixedBackends
    ? [
        {
          type: 'Warning',
          reason: 'BothIptablesBackends',
          action: 'LookAround',
          note: 'both iptables backends hold rules on this node: a packet meets both, and people see only one of them',
        } as const,
      ]
    : []),
];

/** Turns what others were found to do on the node into metrics, events and loud log lines. */
export const createCompanyObserver =
  (metrics: AgentMetrics, { log, events }: { readonly log: Logger; readonly events: EventSink }) =>
  (seen: Seen): void => {
    const { engines, mixedBackends } = seen;
    events.stand('company', eventsOf(seen));
    metrics.setCompany(engines, mixedBackends);
    if (engines.length > 0) {
      log.warn('other programs enforce policy on this node: a packet has to pass them and us; remove all but one', {
        engines,
      });
    }
    if (mixedBackends) {
      log.warn('both iptables backends hold rules on this node: a packet meets both, and people see only one of them');
    }
  };
