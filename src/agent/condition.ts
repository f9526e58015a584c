import { createPodCondition, type PodCondition } from '../cluster/condition/pod-condition.ts';
import type { PodVerdict } from '../cluster/condition/reasons.ts';
import type { ClusterSource } from '../cluster/source.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { findApiServer } from './connect.ts';
import type { AgentContext } from './context.ts';

/** Creates the writer of pods' conditions; undefined if conditions are off. */
export const createCondition = (
  context: AgentContext,
  source: ClusterSource,
  verdictOf: (pod: PodEndpoint) => PodVerdict | undefined,
): PodCondition | undefined => {
  const { config, clock, log } = context;
  const { nodeName: node, podCondition } = config;
  const connect = findApiServer(context);
  if (connect === undefined || podCondition === 'off') return undefined;
  return createPodCondition({
    connect,
    source,
    node,
    gatedOnly: podCondition === 'gated',
    verdictOf,
    clock,
    random: Math.random,
    onTrouble(trouble) {
      if (trouble === undefined) log.info('patching pod conditions works again');
      else log.warn('cannot patch pod conditions; policies are still enforced', { trouble });
    },
  });
};
