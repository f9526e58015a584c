import { IP_FAMILIES, type IpFamily } from '../model/family.ts';

/**
 * The guarantee between the ports of a bridge, by what identifies a packet's pod. `full`: the port that the network plugin
 * reports. `learned`: the only port that answered for the address. `address-only`: the claimed address, for at least one pod.
 */
export const GUARANTEES = ['full', 'learned', 'address-only'] as const;

export type GuaranteeLevel = (typeof GUARANTEES)[number];

export interface Guarantee {
  readonly level: GuaranteeLevel;
  /** Why it is not full, one sentence each. */
  readonly reasons: readonly string[];
}

export interface GuaranteeFacts {
  /** Why the table is not in force; undefined if it is. */
  readonly refusal: string | undefined;
  /** Families of the node that have iptables rules. */
  readonly families: readonly IpFamily[];
  /** Whether br_netfilter shows bridged packets to iptables, by family. */
  readonly shown: Readonly<Record<IpFamily, boolean>>;
  readonly learned: readonly string[];
  readonly unowned: readonly string[];
  readonly disputed: readonly string[];
}

/** Lists the first few names and the number of further ones. */
const some = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

/** Returns the guarantee on the node's bridges, and the reasons why it is not full. */
export const guaranteeOf = (facts: GuaranteeFacts): Guarantee => {
  const { refusal, families, shown, learned, unowned, disputed } = facts;
  const unseen = IP_FAMILIES.filter((family) => families.includes(family) && !shown[family]);
  const weak = [
    ...(refusal === undefined ? [] : [`the table of the bridge family is not in force: ${refusal}`]),
    ...unseen.map((family) => `iptables does not see bridged ${family}: br_netfilter is off`),
    ...(unowned.length === 0 ? [] : [`the ports of pods at these addresses are not known: ${some(unowned)}`]),
    ...(disputed.length === 0 ? [] : [`more than one port or pod stands for: ${some(disputed)}`]),
  ];
  const weaker =
    learned.length === 0 ? [] : [`no result of the network plugin names the pods of ports: ${some(learned)}`];
  const level = weak.length > 0 ? 'address-only' : weaker.length > 0 ? 'learned' : 'full';
  return { level, reasons: [...weak, ...weaker] };
};
