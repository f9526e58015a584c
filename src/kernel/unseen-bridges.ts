import type { IpFamily } from '../model/family.ts';
import { devicesTo } from '../render/route-devices.ts';
import { readIfThere } from './read-if-there.ts';
import { readRoutes } from './routes.ts';

/** A bridge between pods whose traffic among each other passes no rule of iptables. */
export interface UnseenBridge {
  readonly bridge: string;
  readonly family: IpFamily;
}

/** br_netfilter shows bridged packets to iptables where one of these is 1 (kernel Documentation/networking/ip-sysctl). */
const SWITCHES: Readonly<Record<IpFamily, { readonly all: string; readonly one: string }>> = {
  ipv4: { all: '/proc/sys/net/bridge/bridge-nf-call-iptables', one: 'nf_call_iptables' },
  ipv6: { all: '/proc/sys/net/bridge/bridge-nf-call-ip6tables', one: 'nf_call_ip6tables' },
};

/** Without the module br_netfilter its files are missing, which is as if they were 0. */
const isOn = async (path: string): Promise<boolean> => (await readIfThere(path)).trim() === '1';

/**
 * Bridges that the pods at these addresses hang on and that iptables does not see into: between the pods of one bridge no
 * policy holds then. Found by the routes to the pods, since a node has other bridges as well (docker0).
 */
export const findUnseenBridges = async (
  addresses: readonly string[],
  families: readonly IpFamily[],
): Promise<readonly UnseenBridge[]> => {
  const found = await Promise.all(
    families.map(async (family): Promise<readonly UnseenBridge[]> => {
      if (await isOn(SWITCHES[family].all)) return [];
      const devices = [...devicesTo(addresses, family, await readRoutes(family))];
      const unseen = await Promise.all(
        devices.map(async (bridge) => {
          const folder = `/sys/class/net/${bridge}/bridge`;
          const isBridge = (await readIfThere(`${folder}/bridge_id`)) !== '';
          return isBridge && !(await isOn(`${folder}/${SWITCHES[family].one}`)) ? [{ bridge, family }] : [];
        }),
      );
      return unseen.flat();
    }),
  );
  return found.flat();
};
