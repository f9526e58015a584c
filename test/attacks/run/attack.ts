import type { IpFamily } from '../../../src/model/family.ts';
import type { Machine } from '../stage/cast.ts';
import type { Stage } from '../stage/stage.ts';
import type { Network } from '../stage/setting.ts';
import type { Sense } from '../station/station.ts';
import type { Play } from './play.ts';

/** Sends something that contains the token of the try. */
export type Form = (play: Play, from: Machine, to: Machine) => void | Promise<void>;

/** What an attacker needs: nothing that a container lacks, CAP_NET_RAW, or a place in the nodes' network. */
export type Needs = 'nothing' | 'NET_RAW' | 'NET_ADMIN' | 'nodes’ network' | 'API';

/** The sender, the packet, the destination, and where its arrival is checked. */
export interface Course {
  readonly form: Form;
  readonly from: Machine;
  readonly to: Machine;
  /** Where its arrival is checked, at any of them; `to` if absent. */
  readonly at?: Machine | readonly Machine[];
  /** Frames on the interface ('wire', if absent), or what programs of the machine receive. */
  readonly sense?: Sense;
}

/** What some attacks need beyond the cluster as it is; laid and lifted once for all of them. */
export interface Ground {
  readonly name: string;
  readonly lay: (stage: Stage) => Promise<void>;
  readonly lift: (stage: Stage) => Promise<void>;
}

/** A way around the rules that was tried. */
export interface Attack extends Course {
  /** `group/what`. */
  readonly name: string;
  /** What is sent and why it might get through. */
  readonly what: string;
  readonly needs: Needs;
  readonly networks: readonly Network[];
  readonly families: readonly IpFamily[];
  /** The like traffic that has to pass; what is absent is as in the attack. */
  readonly twin: Partial<Course>;
  /** What keeps it out: the rule of the agent, or of the kernel. */
  readonly by: string;
  /**
   * `closed` by a rule made against it; `held` by the rules that judge everything; `kernel`: refused without any rule, so
   * that it arrives nowhere when the agent is off either.
   */
  readonly kind: 'closed' | 'held' | 'kernel';
  /** Where the kernel alone refuses it, though elsewhere it takes a rule; all families if none are named. */
  readonly refused?: { readonly networks: readonly Network[]; readonly families?: readonly IpFamily[] };
  /** Why it cannot be held on these networks: there it arrives. */
  readonly weak?: { readonly networks: readonly Network[]; readonly why: string };
  /** It changes what others depend on: it runs by itself, and lies are forgotten afterwards. */
  readonly alone?: true;
  /** It takes a second or more, so it runs once for all families, on clusters of both alone. */
  readonly slow?: true;
  /** It uses the family that the cluster has no addresses of. */
  readonly foreign?: true;
  /** What has to be there for it. */
  readonly ground?: Ground;
}

export const BOTH: readonly IpFamily[] = ['ipv4', 'ipv6'];
export const V4: readonly IpFamily[] = ['ipv4'];
export const V6: readonly IpFamily[] = ['ipv6'];
export const EVERYWHERE: readonly Network[] = ['routed', 'bridge', 'bridge-blind'];
export const BRIDGES: readonly Network[] = ['bridge', 'bridge-blind'];
