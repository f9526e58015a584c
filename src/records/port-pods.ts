import type { PodEndpoint } from '../model/pod.ts';

/** A pod at a port of a bridge, or at an interface of its own. */
export interface PortPod {
  readonly pod: PodEndpoint;
  /** Lower case; undefined where nothing depends on it. */
  readonly mac?: string;
}

/** The pods at the ports of the node's bridges, as far as they are known. */
export interface PortPods {
  /** @param index of the port, the kernel's */
  at(index: number): PortPod | undefined;
}

/** The pods that a packet came from and was about to reach, by the interfaces that it passed. */
export interface Passed {
  readonly sender?: PortPod | undefined;
  readonly receiver?: PortPod | undefined;
}
