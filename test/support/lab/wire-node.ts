import type { IpBatch } from '../../../src/lab/batch.ts';
import type { Wire } from './prober.ts';

const ROUTER = '02:00:00:00:00:02';
const FAR = '02:00:00:00:00:03';
const GATEWAY = { ipv4: '169.254.0.2', ipv6: 'fe80::2' } as const;

/** Arguments of ip(8) that make the node send packets for that range, or for `default` all packets, to its wire. */
export const routeOut = (family: keyof typeof GATEWAY, range: string): string =>
  `route replace ${range} via ${GATEWAY[family]} dev out0 onlink`;

/**
 * Gives a node two links whose far ends are in one namespace of their own, `far`: hand-made packets are sent on one,
 * and come out of the other if the node forwards them.
 * @param node name of the node's network namespace, and of the wire
 */
export const wireNode = async (ip: IpBatch, node: string, far: string): Promise<Wire> => {
  await ip.run([`netns add ${far}`]);
  // The far ends only receive and send frames: their kernel must not answer or forward any.
  await ip.sysctl({ 'net.ipv4.ip_forward': 0, 'net.ipv6.conf.all.disable_ipv6': 1 }, 'lenient', far);
  await ip.run([
    `link add in0 netns ${far} type veth peer name in0 netns ${node}`,
    `link add out0 netns ${far} type veth peer name out0 netns ${node}`,
  ]);
  await ip.run(['link set in0 up', `link set out0 address ${FAR}`, 'link set out0 up'], far);
  await ip.run(
    [
      `link set in0 address ${ROUTER}`,
      'link set in0 up',
      'link set out0 up',
      ...Object.values(GATEWAY).map((gateway) => `neigh replace ${gateway} lladdr ${FAR} dev out0 nud permanent`),
    ],
    node,
  );
  return { name: node, netns: far, in: 'in0', out: 'out0', router: ROUTER };
};
