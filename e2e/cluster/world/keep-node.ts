import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createSubgroups, removeGroups } from '../cgroups.ts';
import type { Credentials } from '../control-plane/credentials.ts';
import { nodeFolder } from '../folder.ts';
import type { NodeSpec } from '../node/spec.ts';
import { startNode } from '../node/start.ts';
import type { ClusterPlan, NodePlan } from '../plan.ts';
import type { WorldOrder } from './messages.ts';
import type { ClusterNetwork } from './network.ts';

/** What all nodes of a cluster share. */
export interface NodeSurroundings {
  readonly order: WorldOrder;
  readonly plan: ClusterPlan;
  readonly credentials: Credentials;
  readonly network: ClusterNetwork;
  readonly say: (line: string) => void;
}

/** Runs a node. When all its processes are gone, boots it again like a restarted machine. Returns only by throwing. */
export const keepNode = async (node: NodePlan, surroundings: NodeSurroundings): Promise<never> => {
  const { order, plan, credentials, network, say } = surroundings;
  const own = nodeFolder(order.folder, node.name);
  const spec: NodeSpec = {
    plan: node,
    cluster: plan,
    settings: order.settings,
    disk: path.join(own, 'disk'),
    programs: order.programs,
    images: order.folder.images,
    credentials: {
      authority: credentials.authority,
      kubelet: credentials.kubelet(node.name),
      proxy: credentials.proxy,
    },
  };
  await mkdir(spec.disk, { recursive: true });
  for (;;) {
    await network.plug(node);
    const groups = await createSubgroups(order.cgroups, node.name);
    const { ended } = await startNode(spec, own, groups);
    await ended;
    say(`${node.name} went down; it starts again`);
    await removeGroups(groups);
  }
};
