/** The content of a file in libcni's result cache. */
export interface CniResultParts {
  readonly uid: string;
  /** With prefix lengths, such as `10.244.1.5/24`. */
  readonly addresses: readonly string[];
  readonly container?: string;
  readonly ifName?: string;
  /** Replaces the result of a ptp plugin of CNI 1.0.0. */
  readonly result?: object;
}

const container = 'c0ffee';

/** Returns libcni's name of the file. */
export const cniResultFile = (parts: CniResultParts): string =>
  `pods-${parts.container ?? container}-${parts.ifName ?? 'eth0'}`;

/** Returns a file as libcni writes it for containerd. */
export const cniResultText = (parts: CniResultParts): string =>
  JSON.stringify({
    kind: 'cniCacheV1',
    containerId: parts.container ?? container,
    config: Buffer.from('{"cniVersion":"1.0.0","name":"pods","plugins":[]}').toString('base64'),
    ifName: parts.ifName ?? 'eth0',
    networkName: 'pods',
    netns: '/var/run/netns/cni-1',
    cniArgs: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', 'shop'],
      ['K8S_POD_NAME', 'web'],
      ['K8S_POD_INFRA_CONTAINER_ID', parts.container ?? container],
      ['K8S_POD_UID', parts.uid],
    ],
    result: parts.result ?? {
      cniVersion: '1.0.0',
      interfaces: [
        { name: 'veth1', mac: '02:00:00:00:00:01' },
        { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: '/var/run/netns/cni-1' },
      ],
      ips: parts.addresses.map((address) => ({ interface: 1, address })),
      dns: {},
    },
  });
