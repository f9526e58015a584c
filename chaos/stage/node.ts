import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import { createIpBatch } from '../../src/lab/batch.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { type NodeSpec, onNode } from '../../src/lab/node.ts';
import type { Wire } from '../../test/support/lab/prober.ts';
import { OUTSIDE_RANGES } from '../world/addresses.ts';

const ROUTER = '02:00:00:00:00:02';
const FAR = '02:00:00:00:00:03';
const GATEWAY = { ipv4: '169.254.0.2', ipv6: 'fe80::2' } as const;

/**
 * A node of the lab whose pods, and whose way to the outside, are the far ends of two links: packets of theirs are put on
 * one and those for them come out of the other. Pods of other nodes are reached over the fabric.
 */
export interface ChaosNode {
  readonly spec: NodeSpec;
  /** Runs commands in the node's network namespace. */
  readonly runner: CommandRunner;
  readonly wire: Wire;
}

export const addChaosNode = async (lab: Lab, spec: NodeSpec): Promise<ChaosNode> => {
  const { name } = spec;
  const far = `${name}-far`;
  await lab.addNode(spec);
  const outside = createCommandRunner();
  const ip = createIpBatch(outside);
  await ip.run([`netns add ${far}`]);
  // The far ends only take and give frames: their kernel must not answer or forward any.
  await ip.sysctl({ 'net.ipv4.ip_forward': 0, 'net.ipv6.conf.all.disable_ipv6': 1 }, 'lenient', far);
  await ip.run([
    `link add in0 netns ${far} type veth peer name in0 netns ${name}`,
    `link add out0 netns ${far} type veth peer name out0 netns ${name}`,
  ]);
  await ip.run(['link set in0 up', `link set out0 address ${FAR}`, 'link set out0 up'], far);
  const gatewayOf = (range: string): string => (range.includes(':') ? GATEWAY.ipv6 : GATEWAY.ipv4);
  await ip.run(
    [
      `link set in0 address ${ROUTER}`,
      'link set in0 up',
      'link set out0 up',
      ...Object.values(GATEWAY).map((gateway) => `neigh replace ${gateway} lladdr ${FAR} dev out0 nud permanent`),
      ...spec.podCidrs.map((range) => `route delete unreachable ${range}`),
      ...[...spec.podCidrs, ...OUTSIDE_RANGES].map(
        (range) => `route replace ${range} via ${gatewayOf(range)} dev out0 onlink`,
      ),
    ],
    name,
  );
  return {
    spec,
    runner: createCommandRunner(onNode(name)),
    wire: { name, netns: far, in: 'in0', out: 'out0', router: ROUTER },
  };
};
