import type { PodEndpoint } from '../../model/pod.ts';
import type { MachinePort, World } from './world.ts';
import { byText } from '../../policy/text-order.ts';

/** A row of the table: a pod or a machine outside, which both probes and is probed. */
export interface Machine {
  /** `namespace/name` of a pod, the name of an external. */
  readonly name: string;
  /** The pod's node; undefined outside the cluster. */
  readonly node: string | undefined;
  readonly hostNetwork: boolean;
  /** `Kind/name` of the pod's workload; absent for a pod made by hand. */
  readonly workload?: string;
  /** One per family. */
  readonly ips: readonly string[];
  /** Without duplicates, sorted by protocol and number. */
  readonly ports: readonly MachinePort[];
}

const comparePorts = (a: MachinePort, b: MachinePort): number => byText(a.protocol, b.protocol) || a.port - b.port;

const distinctPorts = (ports: readonly MachinePort[]): readonly MachinePort[] => {
  const byKey = new Map(ports.map(({ protocol, port }) => [`${protocol} ${port}`, { protocol, port }]));
  return [...byKey.values()].sort(comparePorts);
};

export const podName = ({ namespace, name }: Pick<PodEndpoint, 'namespace' | 'name'>): string => `${namespace}/${name}`;

const machineOfPod = (pod: PodEndpoint): Machine => ({
  name: podName(pod),
  node: pod.node,
  hostNetwork: pod.hostNetwork,
  ...(pod.workload === undefined ? {} : { workload: pod.workload }),
  ips: pod.ips,
  ports: distinctPorts(pod.ports),
});

/** Returns pods by namespace and name, then machines outside in the order given. */
export const machinesOf = ({ snapshot, externals }: World): readonly Machine[] => [
  ...[...snapshot.pods.values()].map(machineOfPod).sort((a, b) => byText(a.name, b.name)),
  ...externals.map(({ name, ip, ports }) => ({
    name,
    node: undefined,
    hostNetwork: false,
    ips: [ip],
    ports: distinctPorts(ports),
  })),
];
