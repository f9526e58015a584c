import type { PodEndpoint } from '../model/pod.ts';
import type { ParsedPolicy, PortSpec } from './parsed.ts';
import { resolvePort } from './pod-ports.ts';
import { byText } from './text-order.ts';
import type { Direction } from '../model/direction.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { Isolation } from './node-policy.ts';

export type NamedPort = Extract<PortSpec, { kind: 'named' }>;

/** Returns the distinct port names of the policies' ingress rules. */
export const namedIngressPorts = (policies: readonly ParsedPolicy[]): readonly NamedPort[] => {
  const named = new Map<string, NamedPort>();
  for (const { rules } of policies) {
    for (const { ports } of rules.ingress) {
      if (ports === 'any') continue;
      for (const port of ports) if (port.kind === 'named') named.set(`${port.protocol}/${port.name}`, port);
    }
  }
  return [...named.values()];
};

/** Returns text that is equal for pods on which the port names have the same numbers. */
export const namedPortKey = (named: readonly NamedPort[], pod: PodEndpoint): string =>
  named
    .map(
      ({ protocol, name }) =>
        `${protocol}/${name}=${resolvePort(pod, protocol, name)
          .toSorted((a, b) => a - b)
          .join('+')}`,
    )
    .sort(byText)
    .join(' ');

/** Returns the keys of isolations by the same policies, one per value of their named ports. */
export const isolationKeys = (
  direction: Direction,
  policies: readonly PolicyKey[],
): ((namedPorts: string) => string) => {
  const beginning = `${JSON.stringify([direction, policies]).slice(0, -1)},`;
  return (namedPorts) => `${beginning}${JSON.stringify(namedPorts)}]`;
};

/** Returns text that is equal exactly for pods that the same policies isolate in a direction, with equal named ports. */
export const isolationKey = ({
  direction,
  policies,
  namedPorts,
}: Pick<Isolation, 'direction' | 'policies' | 'namedPorts'>): string =>
  JSON.stringify([direction, policies, namedPorts]);
