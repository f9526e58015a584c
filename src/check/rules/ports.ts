import type { FieldPath } from '../../model/field-path.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { PortSpec } from '../../policy/parsed.ts';
import { declares } from '../../policy/pod-ports.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';
import type { CheckedCluster } from '../subject.ts';
import { closest, listFew } from '../words.ts';
import { describePort } from './coverage.ts';
import { meansPodsAlone, receiversOf } from './receivers.ts';
import { findServicePort, servicePort } from './service-port.ts';

const offersOf = (pods: readonly PodEndpoint[]): readonly string[] =>
  [
    ...new Set(
      pods.flatMap(({ ports }) =>
        ports.flatMap(({ name, protocol, port }) => (name === undefined ? [] : [`${name} (${protocol} ${port})`])),
      ),
    ),
  ].sort();

/** Returns the finding for a port that no receiver declares. */
const observe = (port: PortSpec, field: FieldPath, receivers: readonly PodEndpoint[], cluster: CheckedCluster) => {
  const behind = findServicePort(port, receivers, cluster);
  if (behind !== undefined) return servicePort(port, field, behind);
  const offers = offersOf(receivers);
  if (port.kind === 'named') {
    const typed = closest(
      port.name,
      receivers.flatMap(({ ports }) => ports.flatMap(({ name }) => name ?? [])),
    );
    const told = offers.length === 0 ? 'they name no ports' : `they name ${listFew(offers)}`;
    return {
      code: 'port-undeclared' as const,
      field,
      message: `no pod that can receive this declares a ${port.protocol} port "${port.name}", so this entry allows nothing`,
      suggestion: `${typed === undefined ? '' : `did you mean "${typed}"? `}name a declared port or give its number; ${told}`,
    };
  }
  // Containers need not declare their ports: one that declares none proves nothing.
  const isSilent = receivers.some(({ ports }) => ports.length === 0);
  if (isSilent) return undefined;
  const declared = [...new Set(receivers.flatMap(({ ports }) => ports.map((each) => `${each.protocol} ${each.port}`)))];
  return {
    code: 'port-number-undeclared' as const,
    field,
    message: `no pod that can receive this declares ${describePort(port)}; they declare ${listFew(declared.sort())}`,
    suggestion:
      'a policy sees the port on which the pod listens; correct the number, or declare the port in the container',
  };
};

const isDeclared = (port: PortSpec, pods: readonly PodEndpoint[]): boolean =>
  pods.some((pod) =>
    port.kind === 'named'
      ? declares(pod, port.protocol, port.name)
      : pod.ports.some((each) => each.protocol === port.protocol && port.from <= each.port && each.port <= port.to),
  );

/** Finds ports that no receiving pod declares, by name or by number. */
export const findUndeclaredPorts: CheckRule = (policy, cluster) =>
  rulesOf(policy.parsed).flatMap((placed) => {
    const receivers = receiversOf(placed, policy, cluster) ?? [];
    if (receivers.length === 0 || placed.rule.ports === 'any') return [];
    return placed.rule.ports.flatMap((port, index): readonly Observation[] => {
      if (isDeclared(port, receivers)) return [];
      // Egress to everyone, or to a block, goes to more than the pods of the input.
      if (port.kind === 'range' && !meansPodsAlone(placed)) return [];
      const found = observe(port, [...placed.portsField, index, 'port'], receivers, cluster);
      return found === undefined ? [] : [found];
    });
  });

const overlap = (one: PortSpec, other: PortSpec): boolean => {
  if (one.protocol !== other.protocol) return false;
  if (one.kind === 'range' && other.kind === 'range') return one.from <= other.to && other.from <= one.to;
  return one.kind === 'named' && other.kind === 'named' && one.name === other.name;
};

/** Finds entries of `ports` that repeat an earlier one. */
export const findOverlappingPorts: CheckRule = ({ parsed }) =>
  rulesOf(parsed).flatMap(({ rule, portsField }) => {
    const ports = rule.ports === 'any' ? [] : rule.ports;
    return ports.flatMap((port, index): readonly Observation[] => {
      const earlier = ports.findIndex((other) => overlap(other, port));
      const first = ports[earlier];
      if (first === undefined || earlier === index) return [];
      return [
        {
          code: 'ports-overlap',
          field: [...portsField, index],
          message: `${describePort(port)} overlaps with ${describePort(first)} of ports[${earlier}]`,
          suggestion: 'let one entry say it',
        },
      ];
    });
  });
