import { NODE_PATHS, type NodeSpec } from './spec.ts';

/** Zero leaves the kernel's values alone: connection tracking's limits belong to the machine, not to a node. */
const CONNTRACK = {
  maxPerCore: 0,
  min: 0,
  tcpEstablishedTimeout: '0s',
  tcpCloseWaitTimeout: '0s',
};

/** A KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1); JSON is YAML. */
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
