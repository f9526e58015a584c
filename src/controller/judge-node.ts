import type { AgentLease } from '../cluster/lease/agent-lease.ts';
import { asList, asObject, asText, type RawObject } from '../cluster/raw.ts';

/**
 * Why a node enforces its policies, or does not. `AgentMissing`: the node has no agent's pod. `AgentCrashLooping`: the agent's
 * container ends again and again. `AgentStale`: the pod is there, and its Lease is not renewed: the agent hangs, or the node
 * is cut off.
 */
export type NodeReason =
  | 'Enforcing'
  | 'EnforcingInPart'
  | 'NotEnforcing'
  | 'AgentMissing'
  | 'AgentCrashLooping'
  | 'AgentStale';

/** The content of the condition PortcullisEnforcing of a Node. */
export interface NodeVerdict {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: NodeReason;
  /** A message for people. It has no time: it changes only with the truth. */
  readonly message: string;
}

/** An agent's pod on a node, as far as it explains why no Lease is renewed. */
export interface AgentPod {
  readonly name: string;
  readonly phase: string;
  /** Reason of the waiting container, such as CrashLoopBackOff; '' if none waits. */
  readonly waiting: string;
  readonly restarts: number;
  /** Message of the container's last end, such as a wrong flag. */
  readonly lastEnd: string;
}

/** Reads the agent's pod (core/v1 Pod). */
export const readAgentPod = (raw: RawObject): AgentPod => {
  const status = asObject(raw['status']);
  const containers = asList(status['containerStatuses']).map(asObject);
  const agent = containers.find(({ name }) => name === 'agent') ?? containers[0] ?? {};
  const waiting = asObject(asObject(agent['state'])['waiting']);
  const ended = asObject(asObject(agent['lastState'])['terminated']);
  const { restartCount } = agent;
  return {
    name: asText(asObject(raw['metadata'])['name']) ?? '',
    phase: asText(status['phase']) ?? 'Unknown',
    waiting: asText(waiting['reason']) ?? '',
    restarts: typeof restartCount === 'number' ? restartCount : 0,
    lastEnd: (asText(ended['message']) ?? asText(ended['reason']) ?? '').trim().slice(0, 300),
  };
};

/** Returns the verdict on a node whose agent renews its Lease. */
export const judgeLease = ({ level, reason }: Pick<AgentLease, 'level' | 'reason'>): NodeVerdict => {
  if (level === 'enforcing') {
    return { status: 'True', reason: 'Enforcing', message: 'the agent enforces all policies of this node' };
  }
  if (level === 'in part') {
    return { status: 'True', reason: 'EnforcingInPart', message: `the agent enforces policies, but ${reason}` };
  }
  return { status: 'False', reason: 'NotEnforcing', message: `the agent runs and does not enforce: ${reason}` };
};

const KEPT = 'rules that were applied before stay, and no change reaches this node';

/**
 * Returns the verdict on a node whose agent renews no Lease.
 * @param pods the agent's pods there; undefined if they cannot be read
 */
export const judgeSilence = (pods: readonly AgentPod[] | undefined): NodeVerdict => {
  if (pods?.length === 0) {
    return { status: 'Unknown', reason: 'AgentMissing', message: `no agent's pod is on this node; ${KEPT}` };
  }
  const crashing = pods?.find(({ waiting }) => waiting === 'CrashLoopBackOff');
  if (crashing !== undefined) {
    const why = crashing.lastEnd === '' ? '' : `: ${crashing.lastEnd}`;
    return {
      status: 'Unknown',
      reason: 'AgentCrashLooping',
      message: `the agent's pod ${crashing.name} ends again and again${why}; ${KEPT}`,
    };
  }
  const [pod] = pods ?? [];
  const state = pod === undefined ? '' : ` (pod ${pod.name}: ${pod.waiting === '' ? pod.phase : pod.waiting})`;
  return {
    status: 'Unknown',
    reason: 'AgentStale',
    message: `the agent renews its Lease no more${state}: it hangs, ends, or is cut off; ${KEPT}`,
  };
};
