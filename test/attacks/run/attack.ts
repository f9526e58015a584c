import type { IpFamily } from '../../../src/model/family.ts';
import type { Machine } from '../stage/cast.ts';
import type { Stage } from '../stage/stage.ts';
import type { Network } from '../stage/setting.ts';
import type { Sense } from '../station/station.ts';
import type { Play } from './play.ts';

/** Sends something that contains the token of the try. */
export type Form = (play: Play, from: Machine, to: Machine) => void | Promise<void>;

/** What an attacker needs: nothing that a container lacks, CAP_NET_RAW, or a process in a node's network namespace. */
export type Needs = 'nothing' | 'NET_RAW' | 'NET_ADMIN' | 'nodes’ network' | 'API';

/** The sender, the packet, the destination, and the place where the suite watches for its arrival. */
export interface Course {
  readonly form: Form;
  readonly from: Machine;
  readonly to: Machine;
  /** The machines on which the suite watches for it; `to` if absent. */
  readonly at?: Machine | readonly Machine[];
  /** Whether to watch frames on the interface ('wire', the default) or what programs of the machine receive. */
  readonly sense?: Sense;
}

/** What some attacks need in addition to the cluster; laid and lifted once for all of them. */
export interface Ground {
  readonly name: string;
  readonly lay: (stage: Stage) => Promise<void>;
  readonly lift: (stage: Stage) => Promise<void>;
}

/** A way around the rules that the suite tries. */
export interface Attack extends Course {
  /** `group/what`. */
  readonly name: string;
  /** What is sent and why it might get through. */
  readonly what: string;
  readonly needs: Needs;
  readonly networks: readonly Network[];
  readonly families: readonly IpFamily[];
  /** Similar traffic that must pass; absent fields are those of the attack. */
  readonly twin: Partial<Course>;
  /** What stops it: a rule of the agent, or the kernel. */
  readonly by: string;
  /**
   * `closed`: a rule against it stops it; `held`: the rules that judge all packets stop it; `kernel`: the kernel refuses it
   * without any rule, so it doesn't arrive even without an agent.
   */
  readonly kind: 'closed' | 'held' | 'kernel';
  /** The families in which the kernel alone refuses it, though it needs a rule in others; all families if none are named. */
  readonly refused?: { readonly networks: readonly Network[]; readonly families?: readonly IpFamily[] };
  /** Why no rule can stop it on these networks: there it arrives. */
  readonly weak?: { readonly networks: readonly Network[]; readonly why: string };
  /** It changes state that others depend on: it runs alone, and the stage forgets its lies afterwards. */
  readonly alone?: true;
  /** It takes a second or more, so it runs once for all families, and only on clusters of both. */
  readonly slow?: true;
  /** It uses the family in which the cluster has no addresses. */
  readonly foreign?: true;
  /** What it needs in addition to the cluster. */
  readonly ground?: Ground;
}

export const BOTH: readonly IpFamily[] = ['ipv4', 'ipv6'];
export const V4: readonly IpFamily[] = ['ipv4'];
export const V6: readonly IpFamily[] = ['ipv6'];
export const EVERYWHERE: readonly Network[] = ['routed', 'bridge', 'bridge-blind'];
export const BRIDGES: readonly Network[] = ['bridge', 'bridge-blind'];
