import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { planChanges } from '../../src/render/plan.ts';
import { createFakeKernel } from '../../test/support/fake-kernel/fake-kernel.ts';
import { createFakeHost, type FakeHost } from '../../test/support/fake-kernel/host.ts';
import type { WalkedPacket } from '../../test/support/tracer/packet.ts';
import { walk } from '../../test/support/tracer/tracer.ts';
import { type FuzzCluster, NODES } from './fuzz-cluster.ts';
import type { FuzzPacket } from './fuzz-packet.ts';
import { passagesOf } from './route.ts';

const PROTOCOL = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const;

/** ICMPv6 echo request (RFC 4443, 4.1). */
const ECHO_REQUEST = 128;

export const walkedPacket = ({ from, to, protocol, port }: FuzzPacket): WalkedPacket => {
  const ends = { source: from, destination: to };
  if (protocol !== 'other') return { ...ends, protocol: PROTOCOL[protocol], port };
  return from.includes(':') ? { ...ends, protocol: 'ipv6-icmp', type: ECHO_REQUEST } : { ...ends, protocol: 'icmp' };
};

export const programsOf = (snapshot: ClusterSnapshot): ReadonlyMap<string, NodeProgram> =>
  new Map(NODES.map(({ name }) => [name, compileProgram(compileNodePolicy(snapshot, name))]));

/** Brings the fake host from any state to the rule set, by the text that the agent would load. */
export const bringHost = async (host: FakeHost, program: NodeProgram): Promise<void> => {
  const kernel = createFakeKernel(host);
  await kernel.apply(planChanges(await kernel.observe(), program));
};

/** Returns a fake host for each node, loaded with the text of its rule set. */
export const renderedHosts = async (
  programs: ReadonlyMap<string, NodeProgram>,
): Promise<ReadonlyMap<string, FakeHost>> => {
  const hosts = new Map<string, FakeHost>();
  for (const [node, program] of programs) {
    const host = createFakeHost();
    await bringHost(host, program);
    hosts.set(node, host);
  }
  return hosts;
};

/** Reports whether the rendered rules of all nodes on the packet's path let it pass. */
export const rulesAllow = (
  hosts: ReadonlyMap<string, FakeHost>,
  cluster: FuzzCluster,
  packet: FuzzPacket,
): boolean =>
  passagesOf(cluster, packet).every(({ node, hook }) => {
    const host = hosts.get(node);
    if (host === undefined) throw new Error(`there is no node ${node}`);
    const seen = walkedPacket(packet);
    return walk(host, hook === 'OUTPUT' ? { ...seen, hook, localSource: true } : seen).verdict === 'accept';
  });
