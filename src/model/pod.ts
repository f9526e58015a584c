import type { Labels } from './labels.ts';
import type { Protocol } from './protocol.ts';

/** A port that a container declares (`spec.containers[].ports[]`, and those of restartable init containers). */
export interface ContainerPort {
  readonly name: string | undefined;
  readonly protocol: Protocol;
  readonly port: number;
}

/** The runtime's results of a pod's sandboxes on this node, see addresses/weigh-sandboxes.ts. */
export interface SandboxWord {
  /** Canonical addresses of the newest sandbox. */
  readonly noted: readonly string[];
  /** Addresses in the pod's status or in an older result that the newest result does not have. */
  readonly doubted: readonly string[];
  /** When the newest result was written, in ms since the epoch. */
  readonly notedAt: number;
}

export const CLOSURES = ['unknown', 'vanished'] as const;

/**
 * Why a pod's addresses are closed. `unknown`: a sandbox exists whose pod the API server does not know. `vanished`: the
 * pod is gone from the API server, and it is not known whether its sandbox exists.
 */
export type Closure = (typeof CLOSURES)[number];

/** The parts of a Pod that policy depends on. Finished pods (phase Succeeded or Failed) have none. */
export interface PodEndpoint {
  /** `metadata.uid`; `namespace/name` for a manifest without one. Identifies the pod: names and addresses are reused. */
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** `spec.nodeName`, or '' before the pod is bound. */
  readonly node: string;
  readonly labels: Labels;
  /** `status.podIPs`, canonical text (RFC 5952 for IPv6), one per family. Empty until the API has them. */
  readonly ips: readonly string[];
  /** `status.hostIPs`, canonical text. */
  readonly hostIPs: readonly string[];
  /** `spec.hostNetwork`: policies never select such a pod, neither as a subject nor as a peer. */
  readonly hostNetwork: boolean;
  readonly ports: readonly ContainerPort[];
  /** `metadata.creationTimestamp` in ms since the epoch, 0 if unknown. */
  readonly createdAt: number;
  /** `Kind/name` of the workload that made the pod, as far as the pod tells; absent for one made by hand. */
  readonly workload?: string;
  /** `metadata.deletionTimestamp` is set. */
  readonly isTerminating?: true;
  /** Absent if the runtime has no result, as for pods of other nodes. */
  readonly sandbox?: SandboxWord;
  /** Present if the object is no longer a pod of the API server. */
  readonly closed?: Closure;
  /** `spec.readinessGates` has our condition: the pod is not ready without it. */
  readonly awaitsEnforcement?: true;
  /** Whether the pod had our condition when another part of it last changed. */
  readonly isEnforced?: true;
  /** The controller took our condition back, because the node's agent was silent: the agent writes it again. */
  readonly isDoubted?: true;
}
