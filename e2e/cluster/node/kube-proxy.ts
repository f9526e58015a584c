import { NODE_PATHS, type NodeSpec } from './spec.ts';

/** Zero keeps the kernel's values: the limits of connection tracking belong to the machine, not to a node. */
const CONNTRACK = {
  maxPerCore: 0,
  min: 0,
  tcpEstablishedTimeout: '0s',
  tcpCloseWaitTimeout: '0s',
};

/** Returns a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) in JSON, which is YAML. */
export const kubeProxyConfig = ({ plan, cluster, settings }: NodeSpec): string =>
  JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: settings.proxyMode,
    hostnameOverride: plan.name,
    clientConnection: { kubeconfig: NODE_PATHS.proxyKubeconfig },
    clusterCIDR: cluster.clusterCidrs.join(','),
    conntrack: CONNTRACK,
    oomScoreAdj: 0,
  });
