import type { IpBatch } from '../../../src/lab/batch.ts';
import { createFabric } from '../../../src/lab/fabric.ts';
import { createNode, routesTo, uplinkPeer } from '../../../src/lab/node.ts';
import type { ClusterPlan, NodePlan } from '../plan.ts';
import type { ClusterSettings } from '../settings.ts';

/** The network between nodes, in the current network namespace. */
export interface ClusterNetwork {
  /** Gives a node a new network namespace of its name, like a machine that boots; replaces an existing one. */
  plug(node: NodePlan): Promise<void>;
}

const BRIDGE_SYSCTLS = { 'net.bridge.bridge-nf-call-iptables': 1, 'net.bridge.bridge-nf-call-ip6tables': 1 } as const;

/** Creates the fabric: a bridge with all nodes, and the route from the API server to pods. */
export const createNetwork = async (
  ip: IpBatch,
  plan: ClusterPlan,
  settings: ClusterSettings,
): Promise<ClusterNetwork> => {
  const { families } = plan;
  await ip.run(['link set lo up']);
  await createFabric(ip, families);
  // The CNI plugins set up the pods' ranges, so the lab's node gets none.
  const lab = { families, attach: 'ptp', backend: 'nft' } as const;
  const plugged = new Set<string>();
  const indexOf = (node: NodePlan): number => plan.nodes.indexOf(node) + 1;

  const unplug = async (node: NodePlan): Promise<void> => {
    if (!plugged.delete(node.name)) return;
    await ip.run([`link delete ${uplinkPeer(indexOf(node))}`, `netns delete ${node.name}`]);
  };

  return {
    async plug(node) {
      await unplug(node);
      plugged.add(node.name);
      await createNode(ip, lab, { ...node, podCidrs: [] }, indexOf(node));
      if (settings.cni === 'bridge') await ip.sysctl(BRIDGE_SYSCTLS, 'strict', node.name);
      const others = plan.nodes.filter((other) => other !== node);
      await ip.run(
        others.flatMap((other) => routesTo(other, other.podCidrs, families)),
        node.name,
      );
      await ip.run(routesTo(node, node.podCidrs, families));
    },
  };
};
