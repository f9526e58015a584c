import type { BridgeLook } from '../../bridge/bridge-look.ts';
import { type Link, nodeBridges, parseLinks } from '../../bridge/parse-links.ts';
import { IP_FAMILIES, type IpFamily } from '../../model/family.ts';
import { formatCidr } from '../../policy/cidr.ts';
import { ownIpv4Addresses, ownIpv6Addresses } from '../../render/parse-own-addresses.ts';
import { isRefusal, type Route } from '../../render/parse-routes.ts';
import { devicesTo } from '../../render/route-devices.ts';
import { readIfThere } from '../read-if-there.ts';
import { readRoutes } from '../routes.ts';

const SWITCHES: Readonly<Record<IpFamily, string>> = {
  ipv4: '/proc/sys/net/bridge/bridge-nf-call-iptables',
  ipv6: '/proc/sys/net/bridge/bridge-nf-call-ip6tables',
};

/** RTF_GATEWAY of linux/route.h. */
const GATEWAY = 0x2;

/** Link-local addresses and groups exist on every link. */
const OF_EVERY_LINK = ['fe80::/64', 'fe80::/10', 'ff00::/8', '169.254.0.0/16'];

const isOfLink = ({ block, flags }: Route): boolean =>
  (flags & GATEWAY) === 0 && block.prefix > 0 && !OF_EVERY_LINK.includes(formatCidr(block));

const subnetsByDevice = (routes: readonly Route[]): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [
      ...Map.groupBy(
        routes.filter((route) => isOfLink(route) && !isRefusal(route)),
        ({ device }) => device,
      ),
    ].map(([device, own]) => [device, [...new Set(own.map(({ block }) => formatCidr(block)))].sort()]),
  );

/**
 * Reads the node's bridges, in the network namespace of the process.
 * @param list see LinkWatch
 * @param named interfaces in results of the network plugin
 * @param addresses the node's pods: the routes to them lead to a bridge that no result names
 */
export const readBridges = async (
  list: () => Promise<string>,
  named: readonly string[],
  addresses: readonly string[],
): Promise<BridgeLook> => {
  const [text, ipv4, ipv6, fibTrie, ipv6Routes, ...switches] = await Promise.all([
    list(),
    readRoutes('ipv4'),
    readRoutes('ipv6'),
    readIfThere('/proc/net/fib_trie'),
    readIfThere('/proc/net/ipv6_route'),
    ...IP_FAMILIES.map((family) => readIfThere(SWITCHES[family])),
  ]);
  const links = parseLinks(text);
  const node = nodeBridges(links, {
    names: new Set([...named, ...devicesTo(addresses, 'ipv4', ipv4), ...devicesTo(addresses, 'ipv6', ipv6)]),
    subnets: subnetsByDevice([...ipv4, ...ipv6]),
    nodeAddresses: [...ownIpv4Addresses(fibTrie), ...ownIpv6Addresses(ipv6Routes)],
  });
  const byName = new Map<string, Link>(links.map((link) => [link.name, link]));
  const isShown = (family: IpFamily, at: number): boolean =>
    switches[at]?.trim() === '1' || node.bridges.every(({ name }) => byName.get(name)?.shows[family] === true);
  return { node, shown: { ipv4: isShown('ipv4', 0), ipv6: isShown('ipv6', 1) } };
};
