import { fabricCidr, FABRIC_ADDRESS } from '../../lab/fabric.ts';
import { inCidr } from '../../lab/addresses.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { podName } from './machine.ts';
import type { External } from './world.ts';

/** The cluster as far as it can be put on the stage. */
export interface Usable {
  readonly pods: ReadonlyMap<string, PodEndpoint>;
  readonly externals: readonly External[];
  /** Messages about the rest. */
  readonly warnings: readonly string[];
}

const FABRIC = Object.values(FABRIC_ADDRESS).map(fabricCidr);

/**
 * Drops machines whose address belongs to another machine (pods win over machines outside) or to the playground itself:
 * the end of a connection would be ambiguous. Pods on the host network have all addresses of their node.
 */
export const usableAddresses = (pods: ReadonlyMap<string, PodEndpoint>, externals: readonly External[]): Usable => {
  const owners = new Map<string, string>();
  const warnings: string[] = [];
  const claim = (name: string, ips: readonly string[]): boolean => {
    const taken = ips.find((ip) => owners.has(ip) || FABRIC.some((cidr) => inCidr(ip, cidr)));
    if (taken === undefined) {
      for (const ip of ips) owners.set(ip, name);
      return true;
    }
    const owner = owners.get(taken) ?? "the playground's own network";
    warnings.push(`${name} is left out: its address ${taken} belongs to ${owner}`);
    return false;
  };
  return {
    pods: new Map([...pods].filter(([, pod]) => pod.hostNetwork || claim(podName(pod), pod.ips))),
    externals: externals.filter(({ name, ip }) => claim(name, [ip])),
    warnings,
  };
};
