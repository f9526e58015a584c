import { type Direction, PEER_FIELD } from '../model/direction.ts';
import { formatField } from '../model/field-path.ts';
import type { LabelRequirement } from '../model/labels.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { type PolicyKey, policyKey } from '../model/policy-object.ts';
import { familyOf } from '../policy/cidr.ts';
import type { PeerSpec } from '../policy/parsed.ts';
import { meets } from '../policy/selector.ts';
import { describeWritten } from '../policy/written-selector.ts';
import { describeTarget } from '../trace/describe.ts';
import { endsOf } from '../trace/judge-side.ts';
import { missDistance } from '../trace/nearest.ts';
import type { Packet } from '../trace/packet.ts';
import type { PolicyIndex } from '../trace/policy-index.ts';
import type { Miss, SideTrace } from '../trace/trace.ts';
import type { Change } from './change.ts';
import { peerClauses } from './clauses.ts';
import { describePeerOfPod, peerOfPod, selectorOf } from './name-pods.ts';
import type { Reading, WorkloadOf } from './reading.ts';

/** The facts from which changes of one end are derived. */
export interface ChangeFacts {
  readonly reading: Reading;
  readonly index: PolicyIndex;
  readonly workloadOf: WorkloadOf;
}

type Denied = Extract<SideTrace, { kind: 'denied' }>;
type RuleMiss = Extract<Miss, { kind: 'rule' }>;

/** Of rules that miss by the same kind of part only the nearest ones are tried: very many say the same. */
const MOST_TRIED = 4;

interface Peer {
  readonly json: object;
  readonly text: string;
}

/** The far end as an entry of `from` or `to`. */
const peerOf = ({ reading, index }: ChangeFacts, remote: string, home: string): Peer => {
  const pod = index.ownerAt(remote);
  if (pod === undefined) {
    const cidr = `${remote}/${familyOf(remote) === 'ipv4' ? 32 : 128}`;
    return { json: { ipBlock: { cidr } }, text: cidr };
  }
  const siblings = inNamespace(reading, pod.namespace);
  const json = peerOfPod(reading, pod, siblings, home);
  return { json, text: describePeerOfPod(json) };
};

const inNamespace = ({ snapshot }: Reading, name: string): readonly PodEndpoint[] =>
  [...snapshot.pods.values()].filter((pod) => pod.namespace === name && !pod.hostNetwork);

const namespaceOf = ({ reading }: ChangeFacts, key: PolicyKey): string =>
  reading.snapshot.policies.get(key)?.namespace ?? '';

/** The rule would allow the packet from another peer. */
const lacksPeerAlone = ({ peer, portMisses }: RuleMiss): boolean => peer === undefined && portMisses.length === 0;

const additions = (
  facts: ChangeFacts,
  side: Denied,
  packet: Packet,
  misses: readonly RuleMiss[],
): readonly Change[] => {
  const { direction } = side;
  const { remote } = endsOf(direction, packet);
  const port = { protocol: packet.protocol, port: packet.port };
  const target = describeTarget(packet);
  const preposition = PEER_FIELD[direction];
  const byPort = misses
    .filter((miss) => miss.peer !== undefined && miss.portMisses.length > 0)
    .slice(0, MOST_TRIED)
    .map(({ policy, rule }): Change => {
      const where = `${formatField(['spec', direction, rule])}.ports`;
      return {
        kind: 'port',
        direction,
        policy,
        addition: { kind: 'port', rule, port },
        text: `add ${target} to ${where} of ${policy}`,
      };
    });
  const byPeer = misses
    .filter(lacksPeerAlone)
    .slice(0, MOST_TRIED)
    .map(({ policy, rule }): Change => {
      const { json, text } = peerOf(facts, remote, namespaceOf(facts, policy));
      const where = `${formatField(['spec', direction, rule])}.${preposition}`;
      return {
        kind: 'peer',
        direction,
        policy,
        addition: { kind: 'peer', rule, peer: json },
        text: `add ${text} to ${where} of ${policy}`,
      };
    });
  const byRule = side.policies
    .filter((key) => facts.index.faultsOf(key).length === 0)
    .slice(0, MOST_TRIED)
    .map((policy): Change => {
      const { json, text } = peerOf(facts, remote, namespaceOf(facts, policy));
      return {
        kind: 'rule',
        direction,
        policy,
        addition: { kind: 'rule', peer: json, port },
        text: `add a rule to ${policy}: ${direction} ${preposition} ${text} on ${target}`,
      };
    });
  return [...byPort, ...byPeer, ...byRule];
};

const POLICY_TYPE: Readonly<Record<Direction, string>> = { ingress: 'Ingress', egress: 'Egress' };

const lastPart = (name: string): string =>
  name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);

const freeName = ({ reading }: ChangeFacts, namespace: string, wanted: string): string => {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!reading.snapshot.policies.has(policyKey(namespace, name))) return name;
  }
};

/** A policy of its own, which selects the denied end alone. */
const newPolicy = (facts: ChangeFacts, { direction, subject }: Denied, packet: Packet): Change => {
  const { namespace } = subject;
  const { remote } = endsOf(direction, packet);
  const { json, text } = peerOf(facts, remote, namespace);
  const pod = facts.index.ownerAt(remote);
  const far = lastPart(pod === undefined ? remote : facts.workloadOf(pod));
  const near = lastPart(facts.workloadOf(subject));
  const name = freeName(
    facts,
    namespace,
    direction === 'ingress' ? `allow-${far}-to-${near}` : `allow-${near}-to-${far}`,
  );
  const podSelector = selectorOf(subject, inNamespace(facts.reading, namespace));
  const rule = { [PEER_FIELD[direction]]: [json], ports: [{ protocol: packet.protocol, port: packet.port }] };
  return {
    kind: 'policy',
    direction,
    policy: {
      key: policyKey(namespace, name),
      namespace,
      name,
      spec: { podSelector, policyTypes: [POLICY_TYPE[direction]], [direction]: [rule] },
    },
    text: `add a policy ${namespace}/${name} for ${describeWritten(podSelector)}: ${direction} ${PEER_FIELD[direction]} ${text} on ${describeTarget(packet)}`,
  };
};

/** The least that makes labels meet a requirement: a value to set, or null to take the label off. */
const remedy = ({ key, operator, values }: LabelRequirement): readonly [string, string | null] =>
  operator === 'In' ? [key, values[0] ?? ''] : [key, operator === 'Exists' ? 'true' : null];

const unmet = (peer: PeerSpec, pod: PodEndpoint): readonly LabelRequirement[] =>
  peer.kind === 'pods' ? (peer.podSelector?.requirements ?? []).filter((each) => !meets(pod.labels, each)) : [];

/** Labels with which the far end would be what a rule asks for, where nothing else of the rule is missing. */
const relabellings = (
  facts: ChangeFacts,
  side: Denied,
  packet: Packet,
  misses: readonly RuleMiss[],
): readonly Change[] => {
  const { reading, index, workloadOf } = facts;
  const { remote } = endsOf(side.direction, packet);
  const pod = index.ownerAt(remote);
  if (pod === undefined) return [];
  const end = {
    address: remote,
    pod,
    namespaceLabels: reading.namespaceLabels(pod.namespace),
    doubt: undefined,
  };
  const workload = workloadOf(pod);
  const alike = [...reading.snapshot.pods.values()].filter(
    (each) => each.namespace === pod.namespace && workloadOf(each) === workload && sameLabels(each, pod),
  );
  return misses
    .filter(lacksPeerAlone)
    .flatMap(({ policy, rule }) => {
      const parsed = reading.parsed(policy);
      const peers = parsed?.rules[side.direction][rule]?.peers ?? [];
      if (parsed === undefined || peers === 'any') return [];
      return peers.flatMap((peer): readonly Change[] => {
        const clauses = peerClauses(peer, end, parsed.namespace);
        if (clauses.length === 0 || clauses.some(({ kind }) => kind !== 'pod label')) return [];
        const difference = Object.fromEntries(unmet(peer, pod).map(remedy));
        const labels = new Map(pod.labels);
        for (const [key, value] of Object.entries(difference)) {
          if (value === null) labels.delete(key);
          else labels.set(key, value);
        }
        const words = Object.entries(difference).map(([key, value]) =>
          value === null ? `no ${key}` : `${key}=${value}`,
        );
        const text = `label the pods of ${workload} ${words.join(', ')}, as ${formatField(['spec', side.direction, rule])} of ${policy} asks`;
        return [{ kind: 'label', pods: alike, labels, difference, text }];
      });
    })
    .slice(0, MOST_TRIED);
};

const sameLabels = (one: PodEndpoint, other: PodEndpoint): boolean =>
  one.labels === other.labels ||
  (one.labels.size === other.labels.size && [...one.labels].every(([key, value]) => other.labels.get(key) === value));

/** Finds edits each of which may open one end that denies a packet. Whether it does is for an evaluator to say. */
export const changesOf = (facts: ChangeFacts, side: Denied, packet: Packet): readonly Change[] => {
  if (side.subject.closed !== undefined) return [];
  const misses = side.misses
    .filter((miss) => miss.kind === 'rule')
    .toSorted((a, b) => missDistance(a) - missDistance(b));
  return [
    ...additions(facts, side, packet, misses),
    newPolicy(facts, side, packet),
    ...relabellings(facts, side, packet, misses),
  ];
};
