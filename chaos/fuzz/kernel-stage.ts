import type { Netlink } from '../../src/kernel/netlink/netlink.ts';
import { netlinkIn } from '../../test/support/lab/netlink-in.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { createIpBatch, type IpBatch } from '../../src/lab/batch.ts';
import { ROUTER_SYSCTLS } from '../../src/lab/fabric.ts';
import { onNode } from '../../src/lab/node.ts';
import { prepareSandbox } from '../../src/lab/sandbox.ts';
import type { IptablesBackend } from '../../src/lab/settings.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { planChanges } from '../../src/render/plan.ts';
import { createProber, type Wire } from '../../test/support/lab/prober.ts';
import { routeOut, wireNode } from '../../test/support/lab/wire-node.ts';
import { type FuzzCluster, NODES } from './fuzz-cluster.ts';
import type { FuzzPacket } from './fuzz-packet.ts';
import { passagesOf } from './route.ts';

/** The real kernel as the nodes of generated clusters: each is a router between two links with nothing behind them. */
export interface KernelStage {
  readonly backend: IptablesBackend;
  /**
   * Loads the rule sets, and sends every packet through the nodes on its path.
   * @param expected the expected results: a packet with another result is sent again before it counts, since a busy machine
   *   loses packets, and a conntrack entry of an earlier cluster may have the same ports
   * @returns which packets passed
   */
  judge(
    cluster: FuzzCluster,
    programs: ReadonlyMap<string, NodeProgram>,
    packets: readonly FuzzPacket[],
    expected: readonly boolean[],
  ): Promise<readonly boolean[]>;
  close(): Promise<void>;
}

const PATIENCE_MS = 2_000;

/** The namespace of a node, and the namespace with the far ends of its links. */
interface Place {
  readonly node: string;
  readonly far: string;
}

const placeOf = (backend: IptablesBackend, name: string): Place => ({
  node: `${backend}-${name}`,
  far: `${backend}-${name}-far`,
});

const addNode = async (ip: IpBatch, { node: name, far }: Place): Promise<Wire> => {
  await ip.run([`netns add ${name}`]);
  await ip.sysctl(ROUTER_SYSCTLS, 'lenient', name);
  const wire = await wireNode(ip, name, far);
  await ip.run(['link set lo up', ...IP_FAMILIES.map((family) => routeOut(family, 'default'))], name);
  return wire;
};

/**
 * Returns the indexes of the packets that the node forwards. A pod's packet to itself is forwarded only after a Service
 * translated it, and packets are injected here without translation.
 */
const throughNode = (node: string, cluster: FuzzCluster, packets: readonly FuzzPacket[]): readonly number[] =>
  packets.flatMap((packet, at) =>
    packet.from !== packet.to &&
    passagesOf(cluster, packet).some((passage) => passage.node === node && passage.hook === 'FORWARD') ? [at] : [],
  );

/** @throws SandboxError outside of a sandbox */
export const openKernelStage = async (backend: IptablesBackend): Promise<KernelStage> => {
  const outside = createCommandRunner();
  await prepareSandbox(outside);
  const ip = createIpBatch(outside);
  const kernels = new Map<string, Kernel>();
  const netlinks: Netlink[] = [];
  const wires: Wire[] = [];
  for (const { name } of NODES) {
    const place = placeOf(backend, name);
    wires.push(await addNode(ip, place));
    const runner = createCommandRunner(onNode(place.node));
    const { netlink, reader, nft } = netlinkIn(onNode(place.node));
    netlinks.push(netlink);
    kernels.set(name, createKernel(runner, { backend, families: IP_FAMILIES, xtablesWaitSeconds: 5, reader, nft }));
  }
  const prober = await createProber();
  for (const wire of wires) await prober.wire(wire);

  const pass = async (cluster: FuzzCluster, packets: readonly FuzzPacket[]): Promise<readonly boolean[]> => {
    const passed = packets.map(() => true);
    for (const { name } of NODES) {
      const positions = throughNode(name, cluster, packets);
      const wire = placeOf(backend, name).node;
      const sent = packets.filter((_, at) => positions.includes(at)).map((packet) => ({ wire, ...packet }));
      const arrived = await prober.inject(sent, PATIENCE_MS);
      positions.forEach((position, at) => {
        if (arrived[at] !== true) passed[position] = false;
      });
    }
    return passed;
  };

  return {
    backend,
    async judge(cluster, programs, packets, expected) {
      for (const [node, kernel] of kernels) {
        const program = programs.get(node);
        if (program === undefined) throw new Error(`there is no program for ${node}`);
        await kernel.apply(planChanges(await kernel.observe(), program));
      }
      const first = await pass(cluster, packets);
      const odd = packets.flatMap((_, at) => (first[at] === expected[at] ? [] : [at]));
      if (odd.length === 0) return first;
      const second = await pass(
        cluster,
        packets.filter((_, at) => odd.includes(at)),
      );
      return first.map((passed, at) => (odd.includes(at) ? (second[odd.indexOf(at)] ?? passed) : passed));
    },
    async close() {
      await Promise.all(netlinks.map((netlink) => netlink.stop()));
      await prober.close();
      const places = NODES.map(({ name }) => placeOf(backend, name));
      await ip.run(places.flatMap(({ node, far }) => [`netns delete ${far}`, `netns delete ${node}`]));
    },
  };
};
