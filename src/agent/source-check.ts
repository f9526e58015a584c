import type { CniResults } from '../cluster/cni/follow-results.ts';
import { readHostRoutes } from '../kernel/host-routes.ts';
import { createSourceInterfaces, type SourceInterfaces } from '../kernel/source-interfaces.ts';
import type { PodInterfaces } from '../program/pod-interfaces.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import type { AgentContext } from './context.ts';

interface SourceCheckParts {
  readonly results: CniResults | undefined;
  /** @throws where the kernel takes no such rule */
  readonly tryOut: () => Promise<void>;
  /** The node is this agent's to work on. */
  readonly isOurs: () => boolean;
  readonly metrics: AgentMetrics;
  /** Other interfaces are to be looked at. */
  readonly onChange: () => void;
}

/** Whose packets' sources are looked at; undefined where nobody's ever are. */
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
