import type { NodeBridges, PortOwner } from '../model/bridge-port.ts';
import type { Direction } from '../model/direction.ts';
import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import { covers, formatAddress, parseAddress, parseCidr } from '../policy/cidr.ts';
import type { AllowRule, Isolation } from '../policy/node-policy.ts';
import {
  type BridgeProgram,
  type BridgeReports,
  type BridgeRules,
  BRIDGE_SETS,
  type BridgeSet,
  type Element,
} from './bridge-program.ts';
import { addressElement, addressNumber, isSoundPort, linkLocalOf, ofFamily, ofPort, portElement } from './elements.ts';
import { opennessOf } from './openness.ts';

/** The node's bridges and pods, as far as they are known. */
export interface BridgeFacts {
  readonly node: NodeBridges;
  /** Up to one owner per port. */
  readonly owners: readonly PortOwner[];
  /** Canonical addresses of the node's pods whose port is not known. */
  readonly unowned: readonly string[];
  /** UIDs of pods whose namespace lets them forward other pods' packets. */
  readonly routers: ReadonlySet<string>;
  /** Whether iptables sees bridged packets and has our rules, by family. */
  readonly judged: Readonly<Record<IpFamily, boolean>>;
}

type Sets = Record<BridgeSet, Set<Element>>;

/** The single addresses in the rules' blocks. Cached, since there may be many rules, and they seldom change. */
const singles = new WeakMap<readonly AllowRule[], readonly string[]>();

const singlesOf = (rules: readonly AllowRule[]): readonly string[] => {
  const known = singles.get(rules);
  if (known !== undefined) return known;
  const found = rules.flatMap(({ peers }) =>
    peers.flatMap((peer) => {
      if (peer.kind !== 'ipBlock') return [];
      const { cidr } = peer.block;
      return cidr.prefix === (cidr.family === 'ipv4' ? 32 : 128) ? [formatAddress(cidr)] : [];
    }),
  );
  singles.set(rules, found);
  return found;
};

const addAddresses = (
  addresses: Iterable<string>,
  { four, six, nd }: { readonly four: Set<Element>; readonly six: Set<Element>; readonly nd: Set<Element> },
): void => {
  for (const address of addresses) {
    const number = addressNumber(address);
    if (number === undefined) four.add(addressElement(address));
    else {
      six.add(addressElement(address));
      nd.add(addressElement(number));
    }
  }
};

/** The isolation of a pod's port. */
interface Isolated {
  /** Whether any direction is judged, in any family. */
  readonly isolated: boolean;
  /** Whether no egress to unknown addresses is allowed. */
  readonly caged: Readonly<Record<IpFamily, boolean>>;
  /** Whether no ingress from unknown addresses is allowed. */
  readonly shut: Readonly<Record<IpFamily, boolean>>;
}

const isolationOf = (isolations: readonly Isolation[]): Isolated => {
  const inFamily = (family: IpFamily) => {
    const found = isolations.map((isolation) => [isolation.direction, opennessOf(isolation, family)] as const);
    const isNone = (which: Direction): boolean =>
      found.some(([direction, openness]) => direction === which && openness === 'none');
    return {
      isolated: found.some(([, openness]) => openness !== 'all'),
      caged: isNone('egress'),
      shut: isNone('ingress'),
    };
  };
  const { ipv4, ipv6 } = { ipv4: inFamily('ipv4'), ipv6: inFamily('ipv6') };
  return {
    isolated: ipv4.isolated || ipv6.isolated,
    caged: { ipv4: ipv4.caged, ipv6: ipv6.caged },
    shut: { ipv4: ipv4.shut, ipv6: ipv6.shut },
  };
};

const ruleVariants = (facts: BridgeFacts, reports: BridgeReports): BridgeRules => {
  const { bridges } = facts.node;
  const subnetsOf = (family: IpFamily): readonly string[] => {
    const each = bridges.map(({ subnets }) => ofFamily(subnets, family));
    // Without an address of the node on a bridge, the bridge's blocks are unknown.
    if (each.some(({ length }) => length === 0)) return [];
    const blocks = [...new Set(each.flat())].flatMap((text) => parseCidr(text) ?? []);
    const widest = blocks.filter((block) => !blocks.some((other) => other !== block && covers(other, block)));
    return widest.map(({ prefix, ...address }) => `${formatAddress(address)}/${prefix}`).sort();
  };
  return { judged: facts.judged, subnets: { ipv4: subnetsOf('ipv4'), ipv6: subnetsOf('ipv6') }, reports };
};

/** Compiles bridges, ports and policies to the wanted bridge table; undefined if no pod is attached to a bridge. */
export const compileBridge = (
  facts: BridgeFacts,
  isolations: readonly Isolation[],
  reports: BridgeReports = {},
): BridgeProgram | undefined => {
  const { node, owners, unowned, routers, judged } = facts;
  if (node.bridges.length === 0) return undefined;
  const sets = Object.fromEntries(BRIDGE_SETS.map((name) => [name, new Set<Element>()])) as Sets;
  const rules = ruleVariants(facts, reports);

  for (const port of node.otherPorts) if (isSoundPort(port)) sets.others.add(portElement(port));
  const withUplink = new Set<string>();
  for (const { mac, ports } of node.bridges) {
    if (ports.some(({ kind }) => kind === 'uplink')) for (const { name } of ports) withUplink.add(name);
    sets.bridgemac.add(addressElement(mac));
    sets.protmac.add(addressElement(mac));
    for (const { name, kind } of ports) if (kind === 'uplink' && isSoundPort(name)) sets.uplinks.add(portElement(name));
  }
  const protectedSets = { four: sets.prot4, six: sets.prot6, nd: sets.pnd6 };
  addAddresses(node.nodeAddresses, protectedSets);
  addAddresses(unowned, { four: sets.wanted4, six: sets.wanted6, nd: sets.wnd6 });

  const byPod = new Map<string, Isolation[]>();
  for (const isolation of isolations) {
    for (const { uid } of isolation.pods) byPod.set(uid, [...(byPod.get(uid) ?? []), isolation]);
  }
  for (const { port, mac, ips, podUid, origin } of owners) {
    if (!isSoundPort(port)) continue;
    const { isolated, caged, shut } = isolationOf(byPod.get(podUid) ?? []);
    const hasIpv6 = ofFamily(ips, 'ipv6').length > 0;
    // A pod without another IPv6 address cannot use its link-local one, and nothing judges such traffic.
    const own = hasIpv6 || !isolated ? [...ips, linkLocalOf(mac)] : ips;
    sets.known.add(portElement(port));
    if (origin === 'learned') sets.learned.add(portElement(port));
    sets.ownmac.add(ofPort(port, mac));
    sets.protmac.add(addressElement(mac));
    addAddresses(own, protectedSets);
    for (const ip of own) {
      const number = addressNumber(ip);
      (number === undefined ? sets.own4 : sets.own6).add(ofPort(port, ip));
      if (number !== undefined) sets.nd6.add(ofPort(port, number));
    }
    if (!isolated) {
      if (routers.has(podUid)) sets.routers.add(portElement(port));
      continue;
    }
    sets.isolated.add(portElement(port));
    // Then unknown machines are neighbours, and the pod may ask for any address.
    const isCaged = (family: IpFamily): boolean => caged[family] && !withUplink.has(port);
    if (isCaged('ipv4')) sets.caged4.add(portElement(port));
    if (isCaged('ipv6')) sets.caged6.add(portElement(port));
    if (shut.ipv4) sets.shut4.add(portElement(port));
    if (shut.ipv6) sets.shut6.add(portElement(port));
    if (hasIpv6 && judged.ipv6) sets.v6.add(portElement(port));
  }

  const blocks = IP_FAMILIES.flatMap((family) => rules.subnets[family]).flatMap((text) => parseCidr(text) ?? []);
  const isOnLink = (address: string): boolean => {
    const parsed = parseAddress(address);
    return parsed !== undefined && blocks.some((block) => covers(block, parsed));
  };
  const named = [...new Set(isolations.flatMap((isolation) => singlesOf(isolation.rules)))]
    .filter(isOnLink)
    .filter((address) => !sets.prot4.has(addressElement(address)) && !sets.prot6.has(addressElement(address)));
  addAddresses(named, { four: sets.named4, six: sets.named6, nd: sets.nnd6 });
  return { rules, sets };
};
