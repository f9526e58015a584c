import type { ClusterSettings } from '../settings.ts';
import type { ClusterPlan, NodePlan } from '../plan.ts';

/** The input of a node's first program, as JSON. */
export interface NodeSpec {
  readonly plan: NodePlan;
  readonly cluster: Pick<ClusterPlan, 'families' | 'clusterCidrs' | 'dnsServiceIps'>;
  readonly settings: ClusterSettings;
  /** The folder on this machine that becomes the node's root; it is kept when the node restarts. */
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

/** Paths inside a node. */
export const NODE_PATHS = {
  programs: '/opt/kubernetes',
  images: '/images',
  /** The usual folder of plugins, to which more can be added: it links to Debian's containernetworking-plugins. */
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
