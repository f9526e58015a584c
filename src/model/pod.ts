import type { Labels } from './labels.ts';
import type { Protocol } from './protocol.ts';

/** A port that a container declares (`spec.containers[].ports[]`, and those of restartable init containers). */
export interface ContainerPort {
  readonly name: string | undefined;
  readonly protocol: Protocol;
  readonly port: number;
}

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
  /** `metadata.creationTimestamp` in ms since the epoch, 0 if unknown: of two owners of an address the newer wins. */
  readonly createdAt: number;
  /** `spec.readinessGates` names our condition: the pod is not ready without it. */
  readonly awaitsEnforcement?: true;
  /** The pod had our condition when something else of it changed last. */
  readonly isEnforced?: true;
}
