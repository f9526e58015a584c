import type { PodEndpoint } from '../../model/pod.ts';
import type { ParsedPolicy, PortSpec } from '../parsed.ts';
import { resolvePort } from '../pod-ports.ts';
import { byText } from '../text-order.ts';

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
