import { afterEach, beforeEach } from '@jest/globals';
import type { Backend } from '../../../src/kernel/iptables.ts';
import { type AgentNamespace, allowPort, openAgentNamespace, POD } from './namespace-agents.ts';

/**
 * Gives each test of the block a namespace of its own, with a pod to which a policy admits port 80.
 * @returns the one of the running test
 */
export const useGovernedNamespace = (backend?: Backend): (() => AgentNamespace) => {
  let space: AgentNamespace;

  beforeEach(async () => {
    space = await openAgentNamespace(backend);
    await space.write('pod.yaml', POD);
    await space.write('policy.yaml', allowPort(80));
  });

  afterEach(async () => {
    await space.close();
  });

  return () => space;
};
