import type { CniResults } from '../cluster/cni/follow-results.ts';
import { readHostRoutes } from '../kernel/host-routes.ts';
import { createSourceInterfaces, type SourceInterfaces } from '../kernel/source-interfaces.ts';
import type { PodInterfaces } from '../program/pod-interfaces.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { AgentContext } from './context.ts';

interface SourceCheckParts {
  readonly results: CniResults | undefined;
  /** @throws if the kernel rejects such a rule */
  readonly tryOut: () => Promise<void>;
  /** Reports whether this agent has the node. */
  readonly isOurs: () => boolean;
  readonly metrics: AgentMetrics;
  /** Called when other interfaces must be validated. */
  readonly onChange: () => void;
}

/** Chooses the interfaces whose packets are validated by source; undefined if validation is off. */
export const createSourceCheck = (
  { config, clock, log }: AgentContext,
  { results, tryOut, isOurs, metrics, onChange }: SourceCheckParts,
): SourceInterfaces | undefined => {
  const { antiSpoofing: wanted } = config;
  if (wanted === 'off' || (wanted === 'auto' && results === undefined)) return undefined;
  let known = '';
  const onChosen = ({ interfaces, reason }: PodInterfaces): void => {
    metrics.setSourceCheck(interfaces.length > 0);
    if (interfaces.length > 0) log.info('dropping packets of pods with a spoofed source address', { interfaces });
    if (reason !== undefined) {
      log[wanted === 'auto' ? 'info' : 'error']('source address validation is limited', { reason });
    }
    if (interfaces.join() !== known) onChange();
    known = interfaces.join();
  };
  return createSourceInterfaces({
    wanted,
    links() {
      // Until then another agent's rules are in force.
      if (!isOurs()) return undefined;
      if (wanted !== 'auto') return [];
      return results?.hasLooked() === true ? results.links() : undefined;
    },
    routes: readHostRoutes,
    tryOut,
    clock,
    onChosen,
  });
};
