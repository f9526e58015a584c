import { findExemption } from './exemption.ts';
import { createFindGrants, type SideGrants } from './grants.ts';
import type { PolicyIndex } from './policy-index.ts';
import { ALL_PORTS, intersectPorts, type PortSet } from './port-set.ts';
import type { Exemption } from './trace.ts';

/** The ports at which one address may open connections to another, and the rules that allow them. */
export interface Reach {
  readonly ports: PortSet;
  /** If present, every port is allowed whatever the sides say. */
  readonly exemption: Exemption | undefined;
  /** The source's side. */
  readonly egress: SideGrants;
  /** The destination's side. */
  readonly ingress: SideGrants;
}

/** @returns a function over canonical addresses */
export const createReach = (index: PolicyIndex): ((source: string, destination: string) => Reach) => {
  const findGrants = createFindGrants(index);
  return (source, destination) => {
    const exemption = findExemption(index, source, destination);
    const egress = findGrants('egress', source, destination);
    const ingress = findGrants('ingress', destination, source);
    const ports = exemption === undefined ? intersectPorts(egress.ports, ingress.ports) : ALL_PORTS;
    return { ports, exemption, egress, ingress };
  };
};
