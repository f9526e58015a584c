import { type ClusterSettings, familiesOf } from '../cluster/settings.ts';

/** A kind of cluster on which the specs run. */
export interface Variant {
  readonly name: string;
  readonly settings: ClusterSettings;
  /** Whether Kubernetes' own suite runs too. */
  readonly suite: boolean;
}

/** Both ways to attach pods with both modes of kube-proxy, and the families beside IPv4. */
export const VARIANTS: readonly Variant[] = [
  { name: 'ptp-iptables', settings: { cni: 'ptp', proxyMode: 'iptables', families: familiesOf('ipv4') }, suite: true },
  { name: 'ptp-nftables', settings: { cni: 'ptp', proxyMode: 'nftables', families: familiesOf('ipv4') }, suite: true },
  {
    name: 'bridge-iptables',
    settings: { cni: 'bridge', proxyMode: 'iptables', families: familiesOf('ipv4') },
    suite: true,
  },
  {
    name: 'bridge-nftables',
    settings: { cni: 'bridge', proxyMode: 'nftables', families: familiesOf('ipv4') },
    suite: true,
  },
  { name: 'ipv6', settings: { cni: 'ptp', proxyMode: 'iptables', families: familiesOf('ipv6') }, suite: false },
  { name: 'dual', settings: { cni: 'bridge', proxyMode: 'nftables', families: familiesOf('dual') }, suite: false },
];

/** @throws Error with a list of all variants */
export const variantNamed = (name: string): Variant => {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found === undefined)
    throw new Error(`there is no variant ${name}; there are ${VARIANTS.map((variant) => variant.name).join(', ')}`);
  return found;
};
