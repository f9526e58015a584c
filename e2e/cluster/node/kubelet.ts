import { NODE_PATHS, type NodeSpec } from './spec.ts';

/** Pods are never evicted for a full disk, which other programs may fill. */
const NO_EVICTION = {
  'memory.available': '0%',
  'nodefs.available': '0%',
  'nodefs.inodesFree': '0%',
  'imagefs.available': '0%',
  'imagefs.inodesFree': '0%',
};

/** Returns a KubeletConfiguration (kubelet.config.k8s.io/v1beta1) in JSON, which is YAML. */
export const kubeletConfig = ({ cluster }: NodeSpec): string =>
  JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: NODE_PATHS.authority },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: cluster.dnsServiceIps,
    clusterDomain: 'cluster.local',
    containerRuntimeEndpoint: `unix://${NODE_PATHS.containerdSocket}`,
    evictionHard: NO_EVICTION,
    imageGCHighThresholdPercent: 100,
    imageMinimumGCAge: '24h',
    localStorageCapacityIsolation: false,
    // Any other value needs CAP_SYS_RESOURCE.
    oomScoreAdj: 0,
    volumePluginDir: '/var/lib/kubelet/volumeplugins',
    resolvConf: '/etc/resolv.conf',
  });

export const kubeletArgs = ({ plan }: NodeSpec): readonly string[] => [
  `--config=${NODE_PATHS.kubeletConfig}`,
  `--kubeconfig=${NODE_PATHS.kubeletKubeconfig}`,
  `--hostname-override=${plan.name}`,
  `--node-ip=${plan.ips.join(',')}`,
];
