import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { createIpBatch } from '../../src/lab/batch.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { type NodeSpec, onNode } from '../../src/lab/node.ts';
import type { Wire } from '../../test/support/lab/prober.ts';
import { routeOut, wireNode } from '../../test/support/lab/wire-node.ts';
import { OUTSIDE_RANGES } from '../world/addresses.ts';

/**
 * A node of the lab whose pods and outside are the far ends of two links: packets from them are put onto a link, and
 * packets to them come out of a link. Pods of other nodes are reached over the fabric.
 */
export interface ChaosNode {
  readonly spec: NodeSpec;
  /** Runs commands in the node's network namespace. */
  readonly runner: CommandRunner;
  readonly wire: Wire;
}

export const addChaosNode = async (lab: Lab, spec: NodeSpec): Promise<ChaosNode> => {
  const { name } = spec;
  await lab.addNode(spec);
  const outside = createCommandRunner();
  const ip = createIpBatch(outside);
  const wire = await wireNode(ip, name, `${name}-far`);
  await ip.run(
    [
      ...spec.podCidrs.map((range) => `route delete unreachable ${range}`),
      ...[...spec.podCidrs, ...OUTSIDE_RANGES].map((range) => routeOut(range.includes(':') ? 'ipv6' : 'ipv4', range)),
    ],
    name,
  );
  return {
    spec,
    runner: createCommandRunner(onNode(name)),
    wire,
  };
};
