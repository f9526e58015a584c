import { followPodRanges, type PodRanges } from '../cluster/pod-ranges.ts';
import type { Config } from '../config/config.ts';
import { type Cidr, parseCidr } from '../policy/cidr.ts';
import type { GateOptions } from '../program/gate.ts';
import { findApiServer } from './connect.ts';
import type { AgentContext } from './context.ts';

/** Returns the node's pod ranges, if the gate needs them. */
export const createPodRanges = (context: AgentContext): PodRanges | undefined => {
  const { config, clock, log } = context;
  const connect = findApiServer(context);
  if (connect === undefined || config.gate === 'off') return undefined;
  const onTrouble = (trouble: string): void => {
    log.warn("the unknown-address gate is off: the node's pod range is not known", { trouble });
  };
  return followPodRanges({ connect, node: config.nodeName, clock, random: Math.random, onTrouble });
};

export const gateOf = ({ gate }: Config, podRanges: PodRanges | undefined): GateOptions | undefined => {
  if (podRanges === undefined) return undefined;
  let texts: readonly string[] = [];
  let ranges: readonly Cidr[] = [];
  return {
    scope: gate === 'all' ? 'all' : 'isolated',
    ranges() {
      // Called at each change, although the ranges change once in the agent's life.
      const now = podRanges.ranges();
      if (now !== texts) ranges = now.flatMap((range) => parseCidr(range) ?? []);
      texts = now;
      return ranges;
    },
  };
};
