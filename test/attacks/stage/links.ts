import { inNetns, type IpBatch } from '../../../src/lab/batch.ts';
import { FABRIC_ADDRESS, FABRIC_BRIDGE, fabricCidr, nodeAddress } from '../../../src/lab/fabric.ts';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import type { NodeSpec } from '../../../src/lab/node.ts';
import type { IpFamily } from '../../../src/model/family.ts';
import { addressOf, deviceOf, gatewayAddress, type Machine, type Node, NODES } from './cast.ts';
import { type Interfaces, podsOn } from './scene.ts';
import { familiesOf, type Setting } from './setting.ts';

const OUTSIDE_PEER = 'outside0';

export const nodeSpec = (node: Node, families: readonly IpFamily[]): NodeSpec => {
  const index = node === 'node1' ? 1 : 2;
  const ranges: Readonly<Record<IpFamily, string>> = {
    ipv4: `10.244.${index}.0/24`,
    ipv6: `fd00:10:244:${index}::/64`,
  };
  return {
    name: node,
    ips: families.map((family) => nodeAddress(family, index)),
    podCidrs: families.map((family) => ranges[family]),
  };
};

/** Reads the hardware addresses of a machine's interfaces. */
export const readInterfaces = async (machine: Machine): Promise<Interfaces> => {
  const text = await createCommandRunner(inNetns(machine)).run('ip', ['-json', 'link', 'show']);
  const links = JSON.parse(text) as readonly { readonly ifname: string; readonly address: string }[];
  return new Map(links.map(({ ifname, address }) => [ifname, address]));
};

/** Attaches the machine that is not a node to the nodes' network. */
export const addOutside = async (ip: IpBatch, families: readonly IpFamily[]): Promise<void> => {
  await ip.run(['netns add outside', `link add ${OUTSIDE_PEER} type veth peer name eth0 netns outside`]);
  await ip.run([`link set ${OUTSIDE_PEER} addrgenmode none master ${FABRIC_BRIDGE} up`]);
  await ip.run(
    [
      'link set lo up',
      'link set eth0 addrgenmode none',
      'link set eth0 up',
      ...families.flatMap((family) => [
        `address add ${fabricCidr(addressOf('outside', family))} dev eth0${family === 'ipv6' ? ' nodad' : ''}`,
        `route add default via ${FABRIC_ADDRESS[family]} dev eth0`,
      ]),
    ],
    'outside',
  );
};

export const removeOutside = async (ip: IpBatch): Promise<void> => {
  await ip.run([`link delete ${OUTSIDE_PEER}`, 'netns delete outside']);
};

/** Batch lines that give a node its address on the pods' side, as the bridge and ptp plugins do. */
const gatewayLines = (node: Node, { network, families }: Setting): readonly string[] => {
  const index = node === 'node1' ? 1 : 2;
  return familiesOf(families).flatMap((family) => {
    const address = gatewayAddress(index, family);
    const nodad = family === 'ipv6' ? ' nodad' : '';
    if (network !== 'routed') return [`address add ${address}/${family === 'ipv4' ? 24 : 64} dev cni0${nodad}`];
    const length = family === 'ipv4' ? 32 : 128;
    return podsOn(node).map((pod) => `address add ${address}/${length} dev ${deviceOf(pod)}${nodad}`);
  });
};

/**
 * Batch lines that give a node the neighbour entries of its pods and the machines beside it, in a state that is checked
 * soon: a forwarded packet need not wait for an answer, and the kernel still believes lies.
 */
const neighbourLines = (
  node: Node,
  { network, families }: Setting,
  macs: ReadonlyMap<Machine, Interfaces>,
): readonly string[] => {
  const macOf = (machine: Machine): string => macs.get(machine)?.get('eth0') ?? '';
  const other: Node = node === 'node1' ? 'node2' : 'node1';
  return familiesOf(families).flatMap((family) => [
    ...podsOn(node).map(
      (pod) =>
        `neighbour replace ${addressOf(pod, family)} lladdr ${macOf(pod)} dev ${network === 'routed' ? deviceOf(pod) : 'cni0'} nud stale`,
    ),
    ...[other, 'outside' as const].map(
      (machine) => `neighbour replace ${addressOf(machine, family)} lladdr ${macOf(machine)} dev eth0 nud stale`,
    ),
  ]);
};

/** Completes the nodes that the lab has created. */
export const completeNodes = (ip: IpBatch, setting: Setting): Promise<unknown> =>
  Promise.all(NODES.map((node) => ip.run(gatewayLines(node, setting), node)));

/** Restores the true neighbour entries of the nodes. */
export const teachNeighbours = async (
  ip: IpBatch,
  setting: Setting,
  macs: ReadonlyMap<Machine, Interfaces>,
): Promise<void> => {
  await Promise.all(NODES.map((node) => ip.run(neighbourLines(node, setting, macs), node)));
};

/**
 * Keeps the kernels of pods from answering packets: pods take part by frames only, and a reset or an error of their kernels
 * would change what connection tracking knows.
 */
export const silencePods = async (machines: readonly Machine[]): Promise<void> => {
  const silence = [
    '*raw',
    '-A PREROUTING -i lo -j ACCEPT',
    '-A PREROUTING -p ipv6-icmp -j ACCEPT',
    '-A PREROUTING -j DROP',
    'COMMIT',
    '',
  ];
  await Promise.all(
    machines.flatMap((machine) =>
      ['iptables', 'ip6tables'].map((program) =>
        createCommandRunner(inNetns(machine)).run(`${program}-nft-restore`, [], { input: silence.join('\n') }),
      ),
    ),
  );
};
