import type { IpFamily } from '../../../src/model/family.ts';
import type { IptablesBackend } from '../../../src/lab/settings.ts';

/**
 * How pods are attached to their nodes, and what the agent knows of it: `routed` pods have links of their own and CNI
 * results,
 * those of `bridge` share a bridge and have results, those of `bridge-blind` share a bridge and have none.
 */
export type Network = 'routed' | 'bridge' | 'bridge-blind';

export const NETWORKS: readonly Network[] = ['routed', 'bridge', 'bridge-blind'];

/** The families of a cluster's addresses. */
export type Families = IpFamily | 'dual';

export const FAMILIES: readonly Families[] = ['dual', 'ipv4', 'ipv6'];

export const familiesOf = (families: Families): readonly IpFamily[] =>
  families === 'dual' ? ['ipv4', 'ipv6'] : [families];

/** One cluster that is attacked. */
export interface Setting {
  readonly network: Network;
  readonly families: Families;
  readonly backend: IptablesBackend;
}

export const settingName = ({ network, families, backend }: Setting): string => `${network} ${families} ${backend}`;
