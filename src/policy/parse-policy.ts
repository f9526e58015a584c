import { type Cidr, covers, parseCidr } from './cidr.ts';
import type { FieldPath } from '../model/field-path.ts';
import type { PeerSpec, ParsedPolicy, RuleSpec } from './parsed.ts';
import { parseSelector } from './parse-selector.ts';
import { type FaultSink, isAbsent, readList, readObject, readString } from './reader.ts';
import { DIRECTIONS, type Direction, PEER_FIELD } from '../model/direction.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { messageOf } from '../model/message-of.ts';
import type { PolicyFault } from './fault.ts';
import { parsePort } from './parse-port.ts';
import { MAX_RULES, ruleSize } from './limits.ts';

const readCidr = (value: unknown, path: FieldPath, sink: FaultSink): Cidr | undefined => {
  const text = readString(value, path, sink);
  if (text === undefined) return undefined;
  const cidr = parseCidr(text);
  if (cidr === undefined) sink.report(path, `${JSON.stringify(text)} is not a CIDR such as 10.0.0.0/8 or fd00::/64`);
  return cidr;
};

const parseIpBlock = (value: unknown, path: FieldPath, sink: FaultSink): PeerSpec[] => {
  const fields = readObject(value, path, ['cidr', 'except'], sink);
  if (fields === undefined) return [];
  const cidr = readCidr(fields.cidr, [...path, 'cidr'], sink);
  const except = readList(fields.except, [...path, 'except'], sink).flatMap((each, at) => {
    const hole = readCidr(each, [...path, 'except', at], sink);
    if (hole === undefined || cidr === undefined) return [];
    if (!covers(cidr, hole) || hole.prefix === cidr.prefix) {
      sink.report([...path, 'except', at], `${String(each)} must lie within ${String(fields.cidr)} and be smaller`);
    }
    return [hole];
  });
  return cidr === undefined ? [] : [{ kind: 'ipBlock', block: { cidr, except } }];
};

/**
 * Reads a NetworkPolicyPeer: selectors or an ipBlock, never both. An empty peer is a fault, and does not match everything
 * (networking.k8s.io/v1 validation: "must specify a peer").
 */
export const parsePeer = (value: unknown, path: FieldPath, sink: FaultSink): PeerSpec[] => {
  const fields = readObject(value, path, ['podSelector', 'namespaceSelector', 'ipBlock'], sink);
  if (fields === undefined) return [];
  const { podSelector, namespaceSelector, ipBlock } = fields;
  const bySelector = !isAbsent(podSelector) || !isAbsent(namespaceSelector);
  if (!isAbsent(ipBlock)) {
    if (bySelector) sink.report(path, 'ipBlock cannot be combined with podSelector or namespaceSelector');
    return parseIpBlock(ipBlock, [...path, 'ipBlock'], sink);
  }
  if (!bySelector) {
    sink.report(path, 'must name a podSelector, a namespaceSelector or an ipBlock');
    return [];
  }
  const read = (selector: unknown, name: string) =>
    isAbsent(selector) ? undefined : parseSelector(selector, [...path, name], sink);
  return [
    {
      kind: 'pods',
      podSelector: read(podSelector, 'podSelector'),
      namespaceSelector: read(namespaceSelector, 'namespaceSelector'),
    },
  ];
};

/** Up to this many faults of a policy are kept: the first one says enough, and an object can have tens of thousands. */
const MAX_FAULTS = 20;
/** In characters. Messages quote the invalid value. */
const MAX_MESSAGE = 500;

const shorten = (text: string): string => (text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text);

const POLICY_TYPES: ReadonlyMap<unknown, Direction> = new Map([
  ['Ingress', 'ingress'],
  ['Egress', 'egress'],
]);

const parseRule = (value: unknown, direction: Direction, path: FieldPath, sink: FaultSink): RuleSpec[] => {
  const peerField = PEER_FIELD[direction];
  const fields = readObject(value, path, [peerField, 'ports'], sink);
  if (fields === undefined) return [];
  const peers = readList(fields[peerField], [...path, peerField], sink);
  const ports = readList(fields.ports, [...path, 'ports'], sink);
  return [
    {
      peers: peers.length === 0 ? 'any' : peers.flatMap((peer, at) => parsePeer(peer, [...path, peerField, at], sink)),
      ports: ports.length === 0 ? 'any' : ports.flatMap((port, at) => parsePort(port, [...path, 'ports', at], sink)),
    },
  ];
};

/** Reads `spec.policyTypes`. The default is Ingress, and Egress if there are egress rules. An invalid list means both. */
const parseDirections = (value: unknown, hasEgress: boolean, sink: FaultSink): readonly Direction[] => {
  const path = ['spec', 'policyTypes'];
  const given = readList(value, path, sink);
  if (given.length === 0) {
    return isAbsent(value) || Array.isArray(value) ? (hasEgress ? DIRECTIONS : ['ingress']) : DIRECTIONS;
  }
  const read = given.map((each, at) => {
    const direction = POLICY_TYPES.get(each);
    if (direction === undefined) {
      sink.report([...path, at], `${JSON.stringify(each)} is not one of Ingress, Egress`);
    }
    return direction;
  });
  return read.includes(undefined) ? DIRECTIONS : DIRECTIONS.filter((direction) => read.includes(direction));
};

const NOTHING: ParsedPolicy['rules'] = { ingress: [], egress: [] };

const readPolicy = ({ key, namespace, name, spec: given }: PolicyObject): ParsedPolicy => {
  const spec = given ?? {};
  const faults: PolicyFault[] = [];
  let reported = 0;
  const add = (fault: Omit<PolicyFault, 'policy'>): void => {
    reported += 1;
    if (reported <= MAX_FAULTS) faults.push({ policy: key, ...fault, message: shorten(fault.message) });
  };
  const sink: FaultSink = {
    report: (field, message) => add({ field, message }),
    reportTooLarge: (field, message) => add({ field, message, isTooLarge: true }),
  };
  const closed = (directions: readonly Direction[], podSelector: ParsedPolicy['podSelector']): ParsedPolicy => ({
    key,
    namespace,
    name,
    podSelector,
    directions,
    rules: NOTHING,
    faults,
  });
  if (typeof spec !== 'object' || Array.isArray(spec)) {
    sink.report(['spec'], 'must be an object');
    return closed(DIRECTIONS, { requirements: [] });
  }
  const understood =
    readObject(spec, ['spec'], ['podSelector', 'ingress', 'egress', 'policyTypes'], sink) !== undefined;
  const { podSelector, ingress, egress, policyTypes } = spec as Readonly<Record<string, unknown>>;

  const before = reported;
  const subjects = isAbsent(podSelector)
    ? { requirements: [] }
    : parseSelector(podSelector, ['spec', 'podSelector'], sink);
  const subjectsOrAll = reported === before ? subjects : { requirements: [] };

  const rulesOf = (direction: Direction, list: unknown): readonly RuleSpec[] =>
    readList(list, ['spec', direction], sink).flatMap((rule, at) =>
      parseRule(rule, direction, ['spec', direction, at], sink),
    );
  const rules = { ingress: rulesOf('ingress', ingress), egress: rulesOf('egress', egress) };
  for (const direction of DIRECTIONS) {
    const size = rules[direction].reduce((sum, rule) => sum + ruleSize(rule), 0);
    if (size > MAX_RULES) {
      sink.reportTooLarge(
        ['spec', direction],
        `peers times ports are ${size} rules, more than ${MAX_RULES}: use fewer, or ranges`,
      );
    }
  }
  const hasEgress = !understood || (Array.isArray(egress) ? egress.length > 0 : !isAbsent(egress));
  const directions = parseDirections(policyTypes, hasEgress, sink);
  return faults.length > 0
    ? closed(directions, subjectsOrAll)
    : { key, namespace, name, podSelector: subjects, directions, rules, faults };
};

/** Reads a NetworkPolicy (networking.k8s.io/v1). Never throws: invalid parts become faults, and allow nothing. */
export const parsePolicy = (policy: PolicyObject): ParsedPolicy => {
  try {
    return readPolicy(policy);
  } catch (error) {
    const { key, namespace, name } = policy;
    const message = `cannot be read: ${messageOf(error)}`;
    const faults = [{ policy: key, field: ['spec'], message }];
    return { key, namespace, name, podSelector: { requirements: [] }, directions: DIRECTIONS, rules: NOTHING, faults };
  }
};
