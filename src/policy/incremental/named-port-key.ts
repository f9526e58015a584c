import type { Direction } from '../../model/direction.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { ParsedPolicy, PortSpec } from '../parsed.ts';
import { resolvePort } from '../pod-ports.ts';
import { byText } from '../text-order.ts';

const namedIngressPorts = (policies: readonly ParsedPolicy[]): readonly Extract<PortSpec, { kind: 'named' }>[] =>
  policies.flatMap(({ rules }) =>
    rules.ingress.flatMap(({ ports }) => (ports === 'any' ? [] : ports.filter((port) => port.kind === 'named'))),
  );

/** Text that is equal for pods on which the ingress rules' named ports stand for the same numbers. */
export const namedPortKey = (direction: Direction, policies: readonly ParsedPolicy[], pod: PodEndpoint): string => {
  if (direction === 'egress') return '';
  const resolved = namedIngressPorts(policies).map(
    ({ protocol, name }) =>
      `${protocol}/${name}=${resolvePort(pod, protocol, name)
        .toSorted((a, b) => a - b)
        .join('+')}`,
  );
  return [...new Set(resolved)].sort(byText).join(' ');
};
