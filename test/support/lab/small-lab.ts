import { nodeAddress } from '../../../src/lab/fabric.ts';
import type { NodeSpec } from '../../../src/lab/node.ts';
import type { LabSettings } from '../../../src/lab/settings.ts';

/** Each way to attach pods, and each backend, once. */
export const ATTACHMENTS: readonly Omit<LabSettings, 'families'>[] = [
  { attach: 'ptp', backend: 'nft' },
  { attach: 'bridge', backend: 'legacy' },
];

/**
 * Returns the `index`th node of a dual-stack lab; its pods' addresses are 10.244.<index>.0/24 and
 * fd00:10:244:<index>::/64.
 */
export const dualStackNode = (index: number): NodeSpec => ({
  name: `node${index}`,
  ips: [nodeAddress('ipv4', index), nodeAddress('ipv6', index)],
  podCidrs: [`10.244.${index}.0/24`, `fd00:10:244:${index}::/64`],
});
