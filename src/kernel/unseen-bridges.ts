import type { IpFamily } from '../model/family.ts';
import { devicesTo } from '../render/route-devices.ts';
import { readIfThere } from './read-if-there.ts';
import { readRoutes } from './routes.ts';

/** A bridge between pods whose traffic passes no iptables rule. */
export interface UnseenBridge {
  readonly bridge: string;
  readonly family: IpFamily;
}

/** br_netfilter shows bridged packets to iptables if one of these is 1 (kernel Documentation/networking/ip-sysctl). */
const SWITCHES: Readonly<Record<IpFamily, { readonly all: string; readonly one: string }>> = {
  ipv4: { all: '/proc/sys/net/bridge/bridge-nf-call-iptables', one: 'nf_call_iptables' },
  ipv6: { all: '/proc/sys/net/bridge/bridge-nf-call-ip6tables', one: 'nf_call_ip6tables' },
};

/** Reports whether a switch is on. Without the module br_netfilter its files are missing, which counts as 0. */
const isOn = async (path: string): Promise<boolean> => (await readIfThere(path)).trim() === '1';

/**
 * Finds bridges with the pods at these addresses that iptables does not see: no policy applies between the pods of such
 * a bridge. Uses the routes to the pods, since a node has other bridges as well (docker0).
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
