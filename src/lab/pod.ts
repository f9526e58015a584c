import { familyOf, hostCidr, inCidr, prefixLength } from './addresses.ts';
import { canonicalAll, innerAddressLines, innerUpLines, INNER_INTERFACE, type InnerEnd, outerUpLines } from './link.ts';
import { nodeIp, POD_BRIDGE, type NodeSpec } from './node.ts';
import type { LabSettings } from './settings.ts';

export interface PodSpec {
  /** The name of the pod's network namespace. */
  readonly name: string;
  /** The name of its node. */
  readonly node: string;
  /** Its addresses; usually one per family. Addresses outside the node's ranges get host routes everywhere. */
  readonly ips: readonly string[];
  /** The name of the veth end inside the node, if a test depends on it; else a unique one is chosen. */
  readonly device?: string;
}

/** A pod that is attached to its node. */
export interface AttachedPod {
  readonly name: string;
  readonly node: NodeSpec;
  readonly ips: readonly string[];
  readonly index: number;
  /** The veth end inside the node. */
  readonly device: string;
}

export const attachedPod = (spec: PodSpec, node: NodeSpec, index: number): AttachedPod => ({
  name: spec.name,
  node,
  ips: canonicalAll(spec.ips),
  index,
  device: spec.device ?? `veth${String(index)}`,
});

/** Returns ranges outside the node's own that must be routed to the pod's node. */
export const strayCidrs = (pod: AttachedPod): readonly string[] =>
  pod.ips.filter((ip) => !pod.node.podCidrs.some((cidr) => inCidr(ip, cidr))).map(hostCidr);

const onLink =
  (pod: AttachedPod, settings: LabSettings) =>
  (ip: string): string => {
    const range = pod.node.podCidrs.find((cidr) => inCidr(ip, cidr));
    if (settings.attach === 'ptp' || range === undefined) return hostCidr(ip);
    return `${ip}/${String(prefixLength(range))}`;
  };

const innerEnd = (pod: AttachedPod, settings: LabSettings): InnerEnd => ({
  index: pod.index,
  ips: pod.ips,
  gateway: nodeIp(pod.node, 'ipv4'),
  onLink: onLink(pod, settings),
});

/** Returns the batch line, run outside, that makes the veth pair between the pod and its node. */
export const podLinkLine = (pod: AttachedPod): string =>
  `link add ${INNER_INTERFACE} netns ${pod.name} type veth peer name ${pod.device} netns ${pod.node.name}`;

/** Returns batch lines inside the pod's namespace. */
export const podInnerLines = (pod: AttachedPod, settings: LabSettings): readonly string[] =>
  innerUpLines(innerEnd(pod, settings), settings.families);

/** Returns batch lines inside the pod's namespace after a change of addresses. */
export const podReaddressLines = (pod: AttachedPod, settings: LabSettings): readonly string[] =>
  innerAddressLines(innerEnd(pod, settings), settings.families);

/** Returns batch lines inside the node's namespace: routes to the pod's addresses. */
export const podRouteLines = (
  pod: AttachedPod,
  settings: LabSettings,
  verb: 'replace' | 'delete' = 'replace',
): readonly string[] => {
  const cidrs = settings.attach === 'ptp' ? pod.ips.map(hostCidr) : strayCidrs(pod);
  const device = settings.attach === 'ptp' ? pod.device : POD_BRIDGE;
  return cidrs
    .filter((cidr) => settings.families.includes(familyOf(cidr.slice(0, cidr.indexOf('/')))))
    .map((cidr) => `route ${verb} ${cidr} dev ${device}`);
};

/** Returns batch lines inside the node's namespace for a new pod. */
export const podOuterLines = (pod: AttachedPod, settings: LabSettings): readonly string[] => [
  ...(settings.attach === 'ptp'
    ? outerUpLines(pod.device, settings.families)
    : [
        `link set ${pod.device} addrgenmode none master ${POD_BRIDGE} up`,
        // Like kubelet's hairpin mode: a pod's packet to its own Service leaves by the port that it came in by.
        `link set ${pod.device} type bridge_slave hairpin on`,
      ]),
  ...podRouteLines(pod, settings),
];
