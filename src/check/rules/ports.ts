import type { PodEndpoint } from '../../model/pod.ts';
import type { PortSpec } from '../../policy/parsed.ts';
import { declares } from '../../policy/pod-ports.ts';
import { selects } from '../../policy/selector.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { type PlacedRule, rulesOf } from '../rule-fields.ts';
import type { CheckedCluster, CheckedPolicy } from '../subject.ts';
import { listFew } from '../words.ts';
import { arePodsKnown, namespacesOf } from './peer.ts';

/** The pods whose named ports the rule means, as far as the input has them; undefined where it cannot tell. */
const receiversOf = (
  { direction, rule }: PlacedRule,
  { parsed, pods }: CheckedPolicy,
  cluster: CheckedCluster,
): readonly PodEndpoint[] | undefined => {
  if (direction === 'ingress') return pods;
  if (rule.peers === 'any') return cluster.pods;
  const found: PodEndpoint[] = [];
  for (const peer of rule.peers) {
    if (peer.kind !== 'pods') return cluster.pods;
    const { podSelector } = peer;
    const names = namespacesOf(peer, parsed.namespace, cluster);
    if (!arePodsKnown(names, cluster)) return undefined;
    const there = cluster.pods.filter(({ namespace }) => names.includes(namespace));
    found.push(...there.filter(({ labels }) => podSelector === undefined || selects(podSelector, labels)));
  }
  return found;
};

const offersOf = (pods: readonly PodEndpoint[]): readonly string[] =>
  [
    ...new Set(
      pods.flatMap(({ ports }) =>
        ports.flatMap(({ name, protocol, port }) => (name === undefined ? [] : [`${name} (${protocol} ${port})`])),
      ),
    ),
  ].sort();

/** Named ports that no pod at the receiving end declares. */
export const findUndeclaredPorts: CheckRule = (policy, cluster) =>
  rulesOf(policy.parsed).flatMap((placed) => {
    const receivers = receiversOf(placed, policy, cluster) ?? [];
    if (receivers.length === 0 || placed.rule.ports === 'any') return [];
    return placed.rule.ports.flatMap((port, index): readonly Observation[] => {
      if (port.kind !== 'named') return [];
      const { protocol, name } = port;
      if (receivers.some((pod) => declares(pod, protocol, name))) return [];
      const offers = offersOf(receivers);
      const told = offers.length === 0 ? 'they name no ports' : `they name ${listFew(offers)}`;
      return [
        {
          code: 'port-undeclared',
          field: [...placed.portsField, index, 'port'],
          message: `no pod that can receive this declares a ${protocol} port "${name}", so this entry allows nothing`,
          suggestion: `name a declared port or give its number; ${told}`,
        },
      ];
    });
  });

const overlap = (one: PortSpec, other: PortSpec): boolean => {
  if (one.protocol !== other.protocol) return false;
  if (one.kind === 'range' && other.kind === 'range') return one.from <= other.to && other.from <= one.to;
  return one.kind === 'named' && other.kind === 'named' && one.name === other.name;
};

const describe = (port: PortSpec): string => {
  if (port.kind === 'named') return `${port.protocol} ${port.name}`;
  return `${port.protocol} ${port.from === port.to ? port.from : `${port.from}-${port.to}`}`;
};

/** Entries of `ports` that say again what an earlier one says. */
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
          message: `${describe(port)} overlaps with ${describe(first)} of ports[${earlier}]`,
          suggestion: 'let one entry say it',
        },
      ];
    });
  });
