import { DIRECTIONS, type Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey, PolicyObject } from '../model/policy-object.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { settleAddresses } from './address-owners.ts';
import type { AllowRule, Isolation, NodePolicy, Peer, PortMatch } from './node-policy.ts';
import type { ParsedPolicy, PortSpec, RuleSpec } from './parsed.ts';
import { parsePolicy } from './parse-policy.ts';
import { createPeerIndex, declares, type PeerIndex, resolvePort } from './peer-index.ts';
import { selects } from './selector.ts';

/** Policy objects are replaced, never changed, by their source: what was read once from one holds for its lifetime. */
const parsed = new WeakMap<PolicyObject, ParsedPolicy>();

const parseOnce = (object: PolicyObject): ParsedPolicy => {
  const known = parsed.get(object);
  if (known !== undefined) return known;
  const policy = parsePolicy(object);
  parsed.set(object, policy);
  return policy;
};

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const comparePods = (a: PodEndpoint, b: PodEndpoint): number =>
  byText(a.namespace, b.namespace) || byText(a.name, b.name) || byText(a.uid, b.uid);

/** The pods that policies can isolate on the node; `undefined` means on every node. */
const subjectsOf = (pods: readonly PodEndpoint[], node: string | undefined): readonly PodEndpoint[] =>
  pods.filter((pod) => !pod.hostNetwork && (node === undefined || pod.node === node)).sort(comparePods);

const namedIngressPorts = (policies: readonly ParsedPolicy[]): readonly Extract<PortSpec, { kind: 'named' }>[] =>
  policies.flatMap(({ rules }) =>
    rules.ingress.flatMap(({ ports }) => (ports === 'any' ? [] : ports.filter((port) => port.kind === 'named'))),
  );

/** Text that is equal for pods on which the ingress rules' named ports stand for the same numbers. */
const namedPortKey = (direction: Direction, policies: readonly ParsedPolicy[], pod: PodEndpoint): string => {
  if (direction === 'egress') return '';
  const resolved = namedIngressPorts(policies).map(
    ({ protocol, name }) =>
      `${protocol}/${name}=${resolvePort(pod, protocol, name)
        .toSorted((a, b) => a - b)
        .join('+')}`,
  );
  return [...new Set(resolved)].sort(byText).join(' ');
};

interface Group {
  readonly direction: Direction;
  readonly policies: readonly ParsedPolicy[];
  readonly namedPorts: string;
  readonly pods: PodEndpoint[];
}

const groupSubjects = (
  subjects: readonly PodEndpoint[],
  policiesByNamespace: ReadonlyMap<string, readonly ParsedPolicy[]>,
): ReadonlyMap<string, Group> => {
  const groups = new Map<string, Group>();
  for (const pod of subjects) {
    const selecting = (policiesByNamespace.get(pod.namespace) ?? []).filter((policy) =>
      selects(policy.podSelector, pod.labels),
    );
    for (const direction of DIRECTIONS) {
      const policies = selecting.filter((policy) => policy.directions.includes(direction));
      if (policies.length === 0) continue;
      const namedPorts = namedPortKey(direction, policies, pod);
      const key = JSON.stringify([direction, policies.map((policy) => policy.key), namedPorts]);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { direction, policies, namedPorts, pods: [pod] });
      else group.pods.push(pod);
    }
  }
  return groups;
};

const ANY_PEER: readonly Peer[] = [{ kind: 'any' }];
const ANY_PORT: readonly PortMatch[] = [{ kind: 'any' }];

const compileRule = (
  rule: RuleSpec,
  at: { readonly policy: ParsedPolicy; readonly index: number },
  { direction, pods }: Group,
  index: PeerIndex,
): AllowRule => {
  const portMatch = (port: PortSpec): PortMatch => {
    if (port.kind === 'range') return port;
    const { protocol, name } = port;
    const targets =
      direction === 'egress' ? index.declaring(protocol, name) : pods.filter((pod) => declares(pod, protocol, name));
    return { ...port, targets };
  };
  return {
    policy: at.policy.key,
    index: at.index,
    peers: rule.peers === 'any' ? ANY_PEER : rule.peers.map((peer) => index.peer(peer, at.policy.namespace)),
    ports: rule.ports === 'any' ? ANY_PORT : rule.ports.map(portMatch),
  };
};

/**
 * Works out what the cluster's policies ask of one node.
 *
 * @param node the node whose pods are the subjects; undefined for the pods of all nodes.
 */
export const compileNodePolicy = (snapshot: ClusterSnapshot, node: string | undefined): NodePolicy => {
  const pods = settleAddresses(snapshot.pods.values());
  const index = createPeerIndex(pods, snapshot.namespaces);
  const policies = [...snapshot.policies.values()].map(parseOnce).sort((a, b) => byText(a.key, b.key));
  const groups = groupSubjects(
    subjectsOf(pods, node),
    Map.groupBy(policies, (policy) => policy.namespace),
  );
  const isolations = [...groups]
    .sort(([a], [b]) => byText(a, b))
    .map(([, group]): Isolation => {
      const keys: readonly PolicyKey[] = group.policies.map((policy) => policy.key);
      const rules = group.policies.flatMap((policy) =>
        policy.rules[group.direction].map((rule, at) => compileRule(rule, { policy, index: at }, group, index)),
      );
      return { direction: group.direction, policies: keys, namedPorts: group.namedPorts, pods: group.pods, rules };
    });
  return { isolations, faults: policies.flatMap((policy) => policy.faults) };
};
