import type { IpFamily } from '../../../src/model/family.ts';
import { linkLocalOf } from '../frames/bytes.ts';
import { addressOf, deviceOf, isPod, type Machine, nodeOf, type Node, type Pod, POD_NAMES, PODS } from './cast.ts';
import { familiesOf, type Setting } from './setting.ts';

/** Hardware addresses by interface, of one machine. */
export type Interfaces = ReadonlyMap<string, string>;

/** The addresses in a cluster that is attacked. */
export interface Scene {
  readonly setting: Setting;
  readonly families: readonly IpFamily[];
  readonly bridged: boolean;
  ip(machine: Machine, family: IpFamily): string;
  /** The link-local address that a machine derives from its hardware address (RFC 4291, appendix A). */
  linkLocal(machine: Machine): string;
  /** The hardware address of a machine's own interface. */
  mac(machine: Machine): string;
  /** The hardware address of the node on the side of its pods, as `pod` sees it. */
  gatewayMac(pod: Pod): string;
  /** The hardware address to which `from` must send for a packet to reach `to`. */
  nextHop(from: Machine, to: Machine): string;
}

export const sceneOf = (setting: Setting, interfaces: ReadonlyMap<Machine, Interfaces>): Scene => {
  const bridged = setting.network !== 'routed';
  const macOf = (machine: Machine, device: string): string => {
    const mac = interfaces.get(machine)?.get(device);
    if (mac === undefined) throw new Error(`scene: ${machine} has no interface ${device}`);
    return mac;
  };
  const mac = (machine: Machine): string => macOf(machine, 'eth0');
  const gatewayMac = (pod: Pod): string => {
    const node: Node = `node${PODS[pod].node}`;
    return macOf(node, bridged ? 'cni0' : deviceOf(pod));
  };
  return {
    setting,
    families: familiesOf(setting.families),
    bridged,
    ip: addressOf,
    linkLocal: (machine) => linkLocalOf(mac(machine)),
    mac,
    gatewayMac,
    nextHop(from, to) {
      if (isPod(from)) {
        const direct = bridged && isPod(to) && nodeOf(to) === nodeOf(from);
        return direct ? mac(to) : gatewayMac(from);
      }
      const node = nodeOf(to);
      return node === undefined ? mac(to) : mac(node);
    },
  };
};

/** Returns the pods of a node. */
export const podsOn = (node: Node): readonly Pod[] => POD_NAMES.filter((pod) => nodeOf(pod) === node);
