import type { GuaranteeLevel } from '../bridge/guarantee.ts';
import type { ObjectKind } from '../model/cluster-change.ts';
import type { IpFamily } from '../model/family.ts';
import type { UnseenNetwork } from '../render/unseen-networks.ts';
import type { EnforcementState } from './enforcement-state.ts';

/**
 * What `portcullis status -o json` prints; docs/operating.md describes each field. Fields are added, and never change their
 * meaning while `schema` stays. All times are ISO 8601 in UTC.
 */
export interface StatusReport {
  readonly schema: 1;
  readonly at: string;
  readonly version: string;
  readonly node: string;
  readonly startedAt: string;
  readonly enforcement: EnforcementState;
  readonly generation: {
    /** The resourceVersions up to which the cluster's state is in force, by kind. Empty text: the source has none. */
    readonly applied: Readonly<Record<ObjectKind, string>>;
    /** The newest ones that the agent has seen. */
    readonly seen: Readonly<Record<ObjectKind, string>>;
    /** When the agent saw the oldest change that is not in force yet. */
    readonly waitingSince?: string;
    /** Time of the last write to the kernel. */
    readonly lastChangeAt?: string;
  };
  readonly pods: {
    readonly cluster: number;
    /** Of this node, without those on the host network. */
    readonly node: number;
    readonly isolatedForIngress: number;
    readonly isolatedForEgress: number;
    readonly closed: number;
  };
  readonly policies: {
    readonly cluster: number;
    /** Up to 20 faults, each with its policy and field. */
    readonly faults: readonly string[];
    readonly faultCount: number;
  };
  readonly kernel: {
    readonly backend: 'nft' | 'legacy';
    readonly families: readonly FamilyReport[];
  };
  readonly networks: readonly NetworkReport[];
  readonly otherEngines: {
    /** Absent until the first check. */
    readonly names?: readonly string[];
    readonly bothBackendsHaveRules?: boolean;
    /** Kinds of policy that exist and that nobody here enforces. */
    readonly otherKinds?: readonly string[];
  };
  /** The last change of our rules by another program, which was repaired; absent if there was none since the start. */
  readonly lastDrift?: { readonly at: string; readonly changed: string; readonly by: readonly string[] };
  readonly api: Readonly<Record<ObjectKind, ApiReport>>;
}

/** The agent's objects of one family in the kernel. */
export interface FamilyReport {
  readonly family: IpFamily;
  readonly table: string;
  readonly rules: number;
  readonly chains: number;
  readonly sets: number;
  readonly members: number;
}

/** A kind of network that pods of the node are attached to, and what holds there. */
export interface NetworkReport {
  readonly kind: 'routed' | 'bridge' | UnseenNetwork;
  readonly pods: number;
  /** `none`: no rule of the node sees the packets of these pods. */
  readonly guarantee: GuaranteeLevel | 'none';
  /** Why it is not full, one sentence each. */
  readonly reasons: readonly string[];
}

/** The list and watch of one kind. */
export interface ApiReport {
  readonly synced: boolean;
  readonly lastHeardAt?: string;
  readonly secondsSinceHeard?: number;
  /** Why the last list or watch failed; absent while all is well. */
  readonly trouble?: string;
}
