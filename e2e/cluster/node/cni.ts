import type { IpFamily } from '../../../src/model/family.ts';
import type { CniKind } from '../settings.ts';

const EVERYWHERE: Readonly<Record<IpFamily, string>> = { ipv4: '0.0.0.0/0', ipv6: '::/0' };

/** Returns one range per family for each pod's addresses, and a default route per family. */
const ipam = (families: readonly IpFamily[], podCidrs: readonly string[]): object => ({
  type: 'host-local',
  dataDir: '/run/cni-ipam',
  ranges: podCidrs.map((subnet) => [{ subnet }]),
  routes: families.map((family) => ({ dst: EVERYWHERE[family] })),
});

const ATTACH: Readonly<Record<CniKind, object>> = {
  ptp: { type: 'ptp', ipMasq: false },
  // Hairpin: a pod that reaches itself through a Service leaves by its bridge port and comes back by it.
  bridge: { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, hairpinMode: true },
};

/**
 * Returns a network configuration list (CNI specification 0.4.0, section "Network Configuration Lists") for a node's
 * pods.
 */
export const cniConfigList = (kind: CniKind, families: readonly IpFamily[], podCidrs: readonly string[]): string =>
  JSON.stringify({
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [
      { ...ATTACH[kind], ipam: ipam(families, podCidrs) },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
