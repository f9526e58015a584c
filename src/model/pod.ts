import type { Labels } from './labels.ts';
import type { Protocol } from './protocol.ts';

/** A port that a container declares (`spec.containers[].ports[]`, and those of restartable init containers). */
export interface ContainerPort {
  readonly name: string | undefined;
  readonly protocol: Protocol;
  readonly port: number;
}

/** What the runtime noted of a pod's sandboxes on this node, see addresses/weigh-sandboxes.ts. */
export interface SandboxWord {
  /** Canonical addresses of the newest sandbox. */
  readonly noted: readonly string[];
  /** Addresses that the pod's status or an older note names, and the newest note does not. */
  readonly doubted: readonly string[];
  /** When the newest note was written, ms since the epoch. */
  readonly notedAt: number;
}

export const CLOSURES = ['unknown', 'vanished'] as const;

/**
 * Why nothing may go to or come from a pod's addresses. `unknown`: a sandbox lives whose pod the API server does not know.
 * `vanished`: the API server knows the pod no longer, and nothing tells whether its sandbox lives.
 */
export type Closure = (typeof CLOSURES)[number];

/** A Pod, trimmed to what policy can depend on. Pods that finished (phase Succeeded or Failed) have none. */
export interface PodEndpoint {
  /** `metadata.uid`; a manifest without one gets `namespace/name`. Keys the pod: names and addresses are reused. */
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** `spec.nodeName`, or '' before the pod is bound. */
  readonly node: string;
  readonly labels: Labels;
  /** `status.podIPs`, canonical text (RFC 5952 for IPv6), at most one per family. Empty until the API knows them. */
  readonly ips: readonly string[];
  /** `status.hostIPs`, canonical text. */
  readonly hostIPs: readonly string[];
  /** `spec.hostNetwork`: never a subject of policies and never a pod peer. */
  readonly hostNetwork: boolean;
  readonly ports: readonly ContainerPort[];
  /** `metadata.creationTimestamp` in ms since the epoch, 0 if unknown. */
  readonly createdAt: number;
  /** `Kind/name` of the workload that made the pod, as far as the pod tells; absent for one made by hand. */
  readonly workload?: string;
  /** `metadata.deletionTimestamp` is set. */
  readonly isTerminating?: true;
  /** Absent where the runtime noted nothing, as of pods of other nodes. */
  readonly sandbox?: SandboxWord;
  /** Present on what is no pod of the API server any more. */
  readonly closed?: Closure;
  /** `spec.readinessGates` names our condition: the pod is not ready without it. */
  readonly awaitsEnforcement?: true;
  /** The pod had our condition when something else of it changed last. */
  readonly isEnforced?: true;
}
