import { FABRIC_ADDRESS, nodeAddress } from '../../src/lab/fabric.ts';
import type { IpFamily } from '../../src/model/family.ts';

/** A planned node. Lists of addresses and ranges have one entry per family, the primary one first. */
export interface NodePlan {
  readonly name: string;
  readonly ips: readonly string[];
  readonly podCidrs: readonly string[];
  /** The role, with the taint that kubeadm gives to such nodes; no pod of a control plane runs on the first one. */
  readonly role: 'control-plane' | 'worker';
}

/** The addresses of a cluster. */
export interface ClusterPlan {
  readonly families: readonly IpFamily[];
  readonly nodes: readonly NodePlan[];
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** Where the API server listens: the fabric's own addresses, which nodes and pods reach. */
  readonly apiAddresses: readonly string[];
  /** ClusterIPs of the Service `kubernetes`, which the API server chooses itself. */
  readonly apiServiceIps: readonly string[];
  readonly dnsServiceIps: readonly string[];
}

export const API_PORT = 6443;

const NODE_COUNT = 3;

const CLUSTER_CIDR: Readonly<Record<IpFamily, string>> = { ipv4: '10.244.0.0/16', ipv6: 'fd00:10:244::/56' };
const SERVICE_CIDR: Readonly<Record<IpFamily, string>> = { ipv4: '10.96.0.0/16', ipv6: 'fd00:10:96::/112' };

/** The first address of the Services' range, which the API server takes. */
const API_SERVICE_IP: Readonly<Record<IpFamily, string>> = { ipv4: '10.96.0.1', ipv6: 'fd00:10:96::1' };

/** The tenth address, like kubeadm's. */
const DNS_SERVICE_IP: Readonly<Record<IpFamily, string>> = { ipv4: '10.96.0.10', ipv6: 'fd00:10:96::a' };

const podCidr = (family: IpFamily, index: number): string =>
  family === 'ipv4' ? `10.244.${String(index)}.0/24` : `fd00:10:244:${index.toString(16)}::/64`;

const planNode = (index: number, families: readonly IpFamily[]): NodePlan => ({
  name: `node${String(index)}`,
  ips: families.map((family) => nodeAddress(family, index)),
  podCidrs: families.map((family) => podCidr(family, index)),
  role: index === 1 ? 'control-plane' : 'worker',
});

/** Plans three nodes, the first of them tainted, and all their addresses; the same at each start. */
export const planCluster = (families: readonly IpFamily[]): ClusterPlan => ({
  families,
  nodes: Array.from({ length: NODE_COUNT }, (_, at) => planNode(at + 1, families)),
  clusterCidrs: families.map((family) => CLUSTER_CIDR[family]),
  serviceCidrs: families.map((family) => SERVICE_CIDR[family]),
  apiAddresses: families.map((family) => FABRIC_ADDRESS[family]),
  apiServiceIps: families.map((family) => API_SERVICE_IP[family]),
  dnsServiceIps: families.map((family) => DNS_SERVICE_IP[family]),
});

/** Returns an address as the host of a URL. */
export const urlHost = (address: string): string => (address.includes(':') ? `[${address}]` : address);

/** Returns the URL at which nodes and pods reach the API server. @throws if the plan has no family */
export const apiUrl = (plan: ClusterPlan): string => {
  const [primary] = plan.apiAddresses;
  if (primary === undefined) throw new Error('cluster: a cluster needs an IP family');
  return `https://${urlHost(primary)}:${String(API_PORT)}`;
};
