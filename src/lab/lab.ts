import type { CommandRunner } from '../kernel/command.ts';
import { assertNetnsName, createIpBatch } from './batch.ts';
import {
  attachedExternal,
  externalInnerLines,
  externalOuterLines,
  type AttachedExternal,
  type ExternalSpec,
} from './external.ts';
import { createFabric, removeFabric } from './fabric.ts';
import { canonicalAll } from './link.ts';
import { createNode, routesTo, uplinkPeer, type NodeSpec } from './node.ts';
import {
  attachedPod,
  podInnerLines,
  podLinkLine,
  podOuterLines,
  podReaddressLines,
  podRouteLines,
  strayCidrs,
  type AttachedPod,
  type PodSpec,
} from './pod.ts';
import { loadServiceRules, serviceRules, type ServiceSpec } from './service.ts';
import type { LabSettings } from './settings.ts';

/** The network of a small cluster in network namespaces: nodes on a fabric, pods on nodes, machines outside. */
export interface Lab {
  /** Adds a node, and routes to its pods on all existing nodes. */
  addNode(node: NodeSpec): Promise<void>;
  /** Adds pods together, in a few processes however many pods there are. */
  addPods(pods: readonly PodSpec[]): Promise<void>;
  /** Removes pods, with their links and routes at once; programs that still run in them lose the network. */
  removePods(names: readonly string[]): Promise<void>;
  /** Replaces a pod's addresses. */
  setPodIps(name: string, ips: readonly string[]): Promise<void>;
  addExternals(externals: readonly ExternalSpec[]): Promise<void>;
  /** Removes externals, with their links and routes at once. */
  removeExternals(names: readonly string[]): Promise<void>;
  /** Replaces the Services of all current and future nodes. */
  setServices(services: readonly ServiceSpec[]): Promise<void>;
  /** Removes everything. The caller must stop programs that run in the namespaces first. */
  close(): Promise<void>;
}

const groupByNode = (pods: readonly AttachedPod[]): ReadonlyMap<NodeSpec, readonly AttachedPod[]> =>
  Map.groupBy(pods, (pod) => pod.node);

/** Creates the fabric in the current network namespace, which must be a sandbox's own (see sandbox.ts). */
export const createLab = async (runner: CommandRunner, settings: LabSettings): Promise<Lab> => {
  const ip = createIpBatch(runner);
  const nodes = new Map<string, NodeSpec>();
  const pods = new Map<string, AttachedPod>();
  const externals = new Map<string, AttachedExternal>();
  const uplinks: string[] = [];
  const hooked = new Set<string>();
  let services: readonly ServiceSpec[] | undefined;
  let nextIndex = 0;

  await createFabric(ip, settings.families);

  const takeIndex = (): number => {
    nextIndex += 1;
    return nextIndex;
  };

  const podNamed = (name: string): AttachedPod => {
    const pod = pods.get(name);
    if (pod === undefined) throw new Error(`lab: there is no pod ${name}`);
    return pod;
  };

  const assertFree = (names: readonly string[]): void => {
    for (const [at, name] of names.entries()) {
      assertNetnsName(name);
      const taken = nodes.has(name) || pods.has(name) || externals.has(name) || names.indexOf(name) !== at;
      if (taken) throw new Error(`lab: ${name} exists already`);
    }
  };

  const placed = (spec: PodSpec): AttachedPod => {
    const node = nodes.get(spec.node);
    if (node === undefined) throw new Error(`lab: pod ${spec.name} is on node ${spec.node}, which does not exist`);
    return attachedPod(spec, node, takeIndex());
  };

  /** Adds or deletes routes to pod addresses outside the node's ranges, on the fabric and all nodes but the pod's own. */
  const routeStrays = async (moved: readonly AttachedPod[], verb: 'replace' | 'delete'): Promise<void> => {
    const linesFor = (besides: NodeSpec | undefined): readonly string[] =>
      moved
        .filter((pod) => pod.node !== besides)
        .flatMap((pod) => routesTo(pod.node, strayCidrs(pod), settings.families, verb));
    await Promise.all([
      ip.run(linesFor(undefined)),
      ...[...nodes.values()].map((node) => ip.run(linesFor(node), node.name)),
    ]);
  };

  const applyServices = async (node: string): Promise<void> => {
    if (services === undefined) return;
    const wanted = services;
    const hooks = hooked.has(node) ? 'hooks are there' : 'add hooks';
    hooked.add(node);
    await Promise.all(
      settings.families.map((family) =>
        loadServiceRules(runner, node, family, settings.backend, serviceRules(family, wanted, hooks)),
      ),
    );
  };

  return {
    async addNode(node) {
      assertFree([node.name]);
      const others = [...nodes.values()];
      nodes.set(node.name, node);
      const index = takeIndex();
      uplinks.push(uplinkPeer(index));
      await createNode(ip, settings, node, index);
      const toNew = routesTo(node, node.podCidrs, settings.families);
      const toOthers = [
        ...others.flatMap((other) => routesTo(other, other.podCidrs, settings.families)),
        ...[...pods.values()].flatMap((pod) => routesTo(pod.node, strayCidrs(pod), settings.families)),
      ];
      await Promise.all([
        ip.run(toNew),
        ip.run(toOthers, node.name),
        ...others.map((other) => ip.run(toNew, other.name)),
        applyServices(node.name),
      ]);
    },

    async addPods(specs) {
      assertFree(specs.map(({ name }) => name));
      const added = specs.map(placed);
      for (const pod of added) pods.set(pod.name, pod);
      await ip.run([...added.map((pod) => `netns add ${pod.name}`), ...added.map(podLinkLine)]);
      await Promise.all([
        ...added.map((pod) => ip.run(podInnerLines(pod, settings), pod.name)),
        ...[...groupByNode(added)].map(([node, ofNode]) =>
          ip.run(
            ofNode.flatMap((pod) => podOuterLines(pod, settings)),
            node.name,
          ),
        ),
        routeStrays(added, 'replace'),
      ]);
    },

    async removePods(names) {
      const gone = names.map(podNamed);
      for (const pod of gone) pods.delete(pod.name);
      // The kernel removes a namespace later. The link goes first, so that the address is free now.
      await Promise.all([
        ...[...groupByNode(gone)].map(([node, ofNode]) =>
          ip.run(
            ofNode.flatMap((pod) => [
              ...(settings.attach === 'bridge' ? podRouteLines(pod, settings, 'delete') : []),
              `link delete ${pod.device}`,
            ]),
            node.name,
          ),
        ),
        routeStrays(gone, 'delete'),
      ]);
      await ip.run(gone.map((pod) => `netns delete ${pod.name}`));
    },

    async setPodIps(name, ips) {
      const before = podNamed(name);
      const after: AttachedPod = { ...before, ips: canonicalAll(ips) };
      pods.set(name, after);
      await ip.run(podRouteLines(before, settings, 'delete'), before.node.name);
      await routeStrays([before], 'delete');
      // First, since a neighbour waits a second before it asks a silent host again (neigh/…/retrans_time_ms).
      await ip.run(podReaddressLines(after, settings), name);
      await Promise.all([ip.run(podRouteLines(after, settings), after.node.name), routeStrays([after], 'replace')]);
    },

    async addExternals(specs) {
      assertFree(specs.map(({ name }) => name));
      const added = specs.map((spec) => attachedExternal(spec, takeIndex()));
      for (const external of added) externals.set(external.name, external);
      await ip.run([
        ...added.map((external) => `netns add ${external.name}`),
        ...added.flatMap((external) => externalOuterLines(external, settings.families)),
      ]);
      await Promise.all(
        added.map((external) => ip.run(externalInnerLines(external, settings.families), external.name)),
      );
    },

    async removeExternals(names) {
      const gone = names.map((name) => {
        const external = externals.get(name);
        if (external === undefined) throw new Error(`lab: there is no external ${name}`);
        return external;
      });
      for (const { name } of gone) externals.delete(name);
      await ip.run(gone.map(({ device }) => `link delete ${device}`));
      await ip.run(gone.map(({ name }) => `netns delete ${name}`));
    },

    async setServices(wanted) {
      services = wanted;
      await Promise.all([...nodes.keys()].map(applyServices));
    },

    async close() {
      const namespaces = [...pods.keys(), ...externals.keys(), ...nodes.keys()];
      const devices = [...uplinks.splice(0), ...[...externals.values()].map(({ device }) => device)];
      await ip.run(devices.map((device) => `link delete ${device}`));
      await removeFabric(ip);
      await ip.run(namespaces.map((name) => `netns delete ${name}`));
      for (const map of [pods, externals, nodes]) map.clear();
      hooked.clear();
    },
  };
};
