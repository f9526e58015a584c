import type { EventSink } from '../model/operator-event.ts';
import { nameOfKind, type OtherPolicies } from '../model/other-policies.ts';
import type { AgentMetrics } from './metrics.ts';
import type { Logger } from './logger.ts';

/**
 * Reports each kind of policy that is not enforced once: in a log line, a metric, and an event if the agent speaks for
 * the cluster.
 */
export const createOtherPoliciesObserver = (
  metrics: Pick<AgentMetrics, 'setOtherPolicies'>,
  { log, events }: { readonly log: Pick<Logger, 'info' | 'warn'>; readonly events: EventSink },
): ((found: readonly OtherPolicies[], speaks: boolean) => void) => {
  let known: ReadonlySet<string> = new Set();
  return (found, speaks) => {
    const keyOf = (each: OtherPolicies): string => `${nameOfKind(each)} ${each.state}`;
    for (const each of found) {
      if (known.has(keyOf(each))) continue;
      if (each.state === 'stored') {
        log.warn('policies of this kind are not enforced: only NetworkPolicy of networking.k8s.io is', {
          kind: nameOfKind(each),
        });
      } else {
        log.warn('policies of this kind would not be enforced; whether there are any cannot be seen', {
          kind: nameOfKind(each),
        });
      }
    }
    for (const each of found) {
      if (!speaks || each.state === 'stored' || known.has(keyOf(each))) continue;
      events.tell({
        type: 'Normal',
        reason: 'OtherPolicyKind',
        action: 'Inspect',
        note: `the API server has the kind ${nameOfKind(each)}: policies of it would not be enforced; the agent may not list them, so it does not know whether there are any`,
      });
    }
    known = new Set(found.map(keyOf));
    metrics.setOtherPolicies(found);
    const stored = found.filter(({ state }) => state === 'stored');
    events.stand(
      'other policies',
      !speaks
        ? []
        : stored.map((each) => ({
            type: 'Warning',
            reason: 'OtherPolicyKind',
            action: 'Inspect',
            note: `there are policies of the kind ${nameOfKind(each)} in the cluster: they are not enforced, only NetworkPolicy (networking.k8s.io) is`,
          })),
    );
  };
};
