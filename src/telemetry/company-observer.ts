import type { Logger } from './logger.ts';
import type { AgentMetrics } from './metrics.ts';

/** Turns what others were found to do on the node into metrics and loud log lines. */
export const createCompanyObserver =
  (metrics: AgentMetrics, log: Logger) =>
  ({ engines, mixedBackends }: { readonly engines: readonly string[]; readonly mixedBackends: boolean }): void => {
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
