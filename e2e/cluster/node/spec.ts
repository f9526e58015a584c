import type { ClusterSettings } from '../settings.ts';
import type { ClusterPlan, NodePlan } from '../plan.ts';

/** All that the first program of a node needs to know; handed over as JSON. */
export interface NodeSpec {
  readonly plan: NodePlan;
  readonly cluster: Pick<ClusterPlan, 'families' | 'clusterCidrs' | 'dnsServiceIps'>;
  readonly settings: ClusterSettings;
  /** The folder on this machine that becomes the node's root; kept through restarts of the node. */
  readonly disk: string;
  /** This machine's folder of Kubernetes programs. */
  readonly programs: string;
  /** This machine's folder of image archives. */
  readonly images: string;
  /** The node's own keys, as files of this machine. */
  readonly credentials: {
    readonly authority: string;
    readonly kubelet: string;
    readonly proxy: string;
  };
}

/** Where things are inside a node. */
export const NODE_PATHS = {
  programs: '/opt/kubernetes',
  images: '/images',
  /** Where plugins are on nodes in general, and can be added: Debian's containernetworking-plugins by links. */
  cniPlugins: '/opt/cni/bin',
  cniConfig: '/etc/cni/net.d',
  containerdConfig: '/etc/containerd/config.toml',
  containerdSocket: '/run/containerd/containerd.sock',
  authority: '/etc/kubernetes/ca.crt',
  kubeletKubeconfig: '/etc/kubernetes/kubelet.kubeconfig',
  kubeletConfig: '/etc/kubernetes/kubelet.json',
  proxyKubeconfig: '/etc/kubernetes/kube-proxy.kubeconfig',
  proxyConfig: '/etc/kubernetes/kube-proxy.json',
  logs: '/var/log',
} as const;
