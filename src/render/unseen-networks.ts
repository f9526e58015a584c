import type { IpFamily } from '../model/family.ts';
import { covers, parseAddress } from '../policy/cidr.ts';
import { isRefusal, type Route } from './parse-routes.ts';

/**
 * Ways in which a pod's packets bypass all rules of the node. Each is a label of a metric, so the list is short and
 * fixed.
 */
export const UNSEEN_NETWORKS = [
  /** The pod is attached like another machine: macvlan, ipvlan, SR-IOV, a device of the host. */
  'no_node_end',
  /** Open vSwitch switches its packets. */
  'openvswitch',
  /** A further interface, whose addresses no policy knows. */
  'second_interface',
  /** A flowtable of nftables takes its connections past the FORWARD hook. */
  'flowtable',
  /** An eBPF program takes its packets past the hooks. */
  'ebpf',
] as const;

export type UnseenNetwork = (typeof UNSEEN_NETWORKS)[number];

/** A pod of the node with packets that bypass the node's rules. */
export interface UnseenPod {
  readonly uid: string;
  /** `namespace/name` */
  readonly pod: string;
  readonly network: UnseenNetwork;
  /** The reason, for people. */
  readonly detail: string;
}

/** The parts of an interface that show what is behind it. */
interface Device {
  readonly name: string;
  /** IFLA_INFO_KIND; undefined for a physical device. */
  readonly kind: string | undefined;
  /** The interface above it, such as its bridge. */
  readonly master: string | undefined;
  /** Name of the XDP program that is attached to it. */
  readonly xdp: string | undefined;
}

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Parses the output of `ip -d -j link show`. @throws for invalid JSON */
export const parseDevices = (text: string): readonly Device[] =>
  listOf(JSON.parse(text))
    .map(objectOf)
    .map((link) => ({
      name: textOf(link['ifname']) ?? '',
      kind: textOf(objectOf(link['linkinfo'])['info_kind']),
      master: textOf(link['master']),
      xdp: textOf(objectOf(objectOf(link['xdp'])['prog'])['name']),
    }));

/** A flowtable, and the devices whose packets it handles. */
interface Flowtable {
  readonly name: string;
  readonly devices: readonly string[];
}

/** Parses the output of `nft -j list flowtables`. @throws for invalid JSON */
export const parseFlowtables = (text: string): readonly Flowtable[] =>
  listOf(objectOf(JSON.parse(text))['nftables']).flatMap((each) => {
    const found = objectOf(objectOf(each)['flowtable']);
    const { family, table, name, dev } = found;
    if (typeof name !== 'string') return [];
    const devices = (Array.isArray(dev) ? dev : [dev]).filter((device) => typeof device === 'string');
    return [{ name: `${String(family)} ${String(table)} ${name}`, devices }];
  });

/** Returns the names of an interface's programs, from `tc -j filter show dev DEVICE ingress`. @throws for invalid JSON */
export const parsePrograms = (text: string): readonly string[] =>
  listOf(JSON.parse(text === '' ? '[]' : text)).flatMap((each) => {
    const name = textOf(objectOf(objectOf(each)['options'])['bpf_name']);
    return name === undefined ? [] : [name];
  });

/** Programs of network plugins (Cilium, Calico) that forward packets themselves; other programs may only read them. */
const DATAPATH = /^(?:cil_|cali_|bpf_(?:lxc|host|overlay|network))/;

/** A pod as the node sees it. */
export interface AttachedPod {
  readonly uid: string;
  readonly pod: string;
  readonly ips: readonly string[];
  /** Interfaces of the node that the network plugin reported; undefined if nothing is known. */
  readonly nodeInterfaces: readonly string[] | undefined;
  /** Its further interfaces, from their plugins' results. */
  readonly further: readonly string[];
}

export interface NodeNetworks {
  readonly devices: readonly Device[];
  readonly routes: readonly Route[];
  readonly flowtables: readonly Flowtable[];
  /** Names of eBPF programs, by device. */
  readonly programs: ReadonlyMap<string, readonly string[]>;
}

/** Kinds of interfaces that lead to a pod, or to a bridge of pods. */
const OF_PODS: readonly string[] = ['veth', 'bridge', 'tun', 'netkit'];

/** Returns the route with the longest prefix. */
const routeTo = (ip: string, routes: readonly Route[]): Route | undefined => {
  const address = parseAddress(ip);
  if (address === undefined) return undefined;
  const fitting = routes.filter(
    (route) => !isRefusal(route) && route.block.family === address.family && covers(route.block, address),
  );
  return fitting.toSorted((a, b) => b.block.prefix - a.block.prefix)[0];
};

/** Returns the devices of default routes, which lead to other machines. */
const uplinksOf = (routes: readonly Route[]): ReadonlySet<string> =>
  new Set(routes.filter((route) => route.block.prefix === 0 && !isRefusal(route)).map(({ device }) => device));

const isEndpoint = (device: Device | undefined, name: string, uplinks: ReadonlySet<string>): boolean =>
  device?.kind !== undefined && OF_PODS.includes(device.kind) && (device.kind === 'bridge' || !uplinks.has(name));

/** Returns how packets reach the pod without passing a rule; undefined if they pass rules. */
const reachedBy = (
  pod: AttachedPod,
  { devices, routes }: NodeNetworks,
): Pick<UnseenPod, 'network' | 'detail'> | undefined => {
  const byName = new Map(devices.map((device) => [device.name, device]));
  // The outer end of a pair, or a port of a bridge: packets through it pass the rules.
  if (pod.nodeInterfaces?.some((name) => isEndpoint(byName.get(name), name, new Set())) === true) return undefined;
  const uplinks = uplinksOf(routes);
  for (const ip of pod.ips) {
    const name = routeTo(ip, routes)?.device;
    if (name === undefined) continue;
    const device = byName.get(name);
    if (device?.kind === 'openvswitch') {
      return { network: 'openvswitch', detail: `${ip} is reached by ${name}, a port of Open vSwitch` };
    }
    const hasNoEnd = pod.nodeInterfaces?.length === 0;
    if (isEndpoint(device, name, uplinks) && !(hasNoEnd && uplinks.has(name))) continue;
    return {
      network: 'no_node_end',
      detail: `${ip} is reached by ${name}, as other machines are (macvlan, ipvlan, SR-IOV or a device of the host)`,
    };
  }
  return undefined;
};

/** Returns the node's devices that the pod's packets pass. */
const pathOf = (pod: AttachedPod, { devices, routes }: NodeNetworks): ReadonlySet<string> => {
  const path = new Set(pod.nodeInterfaces ?? []);
  for (const ip of pod.ips) {
    const device = routeTo(ip, routes)?.device;
    if (device === undefined) continue;
    path.add(device);
    if (pod.nodeInterfaces === undefined) {
      for (const { name, master } of devices) if (master === device) path.add(name);
    }
  }
  return path;
};

const bypassOf = (pod: AttachedPod, node: NodeNetworks): Pick<UnseenPod, 'network' | 'detail'> | undefined => {
  const { devices, flowtables, programs } = node;
  if (flowtables.length === 0 && programs.size === 0 && devices.every(({ xdp }) => xdp === undefined)) return undefined;
  const path = pathOf(pod, node);
  const table = flowtables.find((each) => each.devices.some((device) => path.has(device)));
  if (table !== undefined) {
    return { network: 'flowtable', detail: `the flowtable ${table.name} takes its connections past the FORWARD hook` };
  }
  const onPath = [
    ...[...programs].flatMap(([device, names]) => (path.has(device) ? names : [])),
    ...devices.flatMap(({ name, xdp }) => (xdp !== undefined && path.has(name) ? [xdp] : [])),
  ];
  const program = onPath.find((name) => DATAPATH.test(name));
  if (program === undefined) return undefined;
  return { network: 'ebpf', detail: `the program ${program} takes its packets past the FORWARD hook` };
};

/** Returns the pods of a node with packets that bypass the node's rules, with the reasons. */
export const findUnseenPods = (pods: readonly AttachedPod[], node: NodeNetworks): readonly UnseenPod[] =>
  pods.flatMap((pod) => {
    const second = pod.further[0];
    const found =
      reachedBy(pod, node) ??
      bypassOf(pod, node) ??
      (second === undefined
        ? undefined
        : {
            network: 'second_interface' as const,
            detail: `its interface ${second} is none of the cluster's network: no policy knows its addresses`,
          });
    return found === undefined ? [] : [{ uid: pod.uid, pod: pod.pod, ...found }];
  });

/** Returns up to `most` devices whose eBPF programs may concern pods: those on the path to a pod. */
export const devicesToAsk = (pods: readonly AttachedPod[], node: NodeNetworks, most: number): readonly string[] =>
  [...new Set(pods.flatMap((pod) => [...pathOf(pod, node)]))].slice(0, most);

export const ofFamily = (ips: readonly string[], family: IpFamily): readonly string[] =>
  ips.filter((ip) => ip.includes(':') === (family === 'ipv6'));
