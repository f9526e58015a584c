import type { PodEndpoint } from '../../model/pod.ts';
import type { Protocol } from '../../model/protocol.ts';
import type { PortTargets } from '../node-policy.ts';
import { declares, resolvePort } from '../pod-ports.ts';
import type { PodIndex } from './pod-index.ts';

/** The numbers of port names on all pods. Indexes only names that rules have used. */
export interface PortNames {
  /** Returns the targets of a name, which stay up to date from then on. */
  targets(protocol: Protocol, name: string): PortTargets;
  addPod(pod: PodEndpoint): void;
  removePod(pod: PodEndpoint): void;
}

export const createPortNames = (pods: PodIndex): PortNames => {
  const known = new Map<string, Map<string, readonly number[]>>();
  const keyOf = (protocol: Protocol, name: string): string => `${protocol}/${name}`;

  const enter = (targets: Map<string, readonly number[]>, pod: PodEndpoint, protocol: Protocol, name: string): void => {
    const numbers = resolvePort(pod, protocol, name);
    for (const ip of pod.ips) targets.set(ip, numbers);
  };

  return {
    targets(protocol, name) {
      const found = known.get(keyOf(protocol, name));
      if (found !== undefined) return found;
      const targets = new Map<string, readonly number[]>();
      for (const pod of pods.all()) if (declares(pod, protocol, name)) enter(targets, pod, protocol, name);
      known.set(keyOf(protocol, name), targets);
      return targets;
    },
    addPod(pod) {
      if (known.size === 0) return;
      for (const { protocol, name } of pod.ports) {
        const targets = name === undefined ? undefined : known.get(keyOf(protocol, name));
        if (name !== undefined && targets !== undefined) enter(targets, pod, protocol, name);
      }
    },
    removePod(pod) {
      if (known.size === 0) return;
      for (const { protocol, name } of pod.ports) {
        const targets = name === undefined ? undefined : known.get(keyOf(protocol, name));
        for (const ip of pod.ips) targets?.delete(ip);
      }
    },
  };
};
