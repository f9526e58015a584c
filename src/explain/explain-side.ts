import type { Direction } from '../model/direction.ts';
import { formatField } from '../model/field-path.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { AllowRule } from '../policy/node-policy.ts';
import type { ParsedPolicy, PeerSpec, RuleSpec } from '../policy/parsed.ts';
import { describePeer as describePods } from '../policy/incremental/peers.ts';
import { describeSelector } from '../policy/selector.ts';
import { describePeer, describePod } from '../trace/describe.ts';
import { endsOf, type Side, sidesOf, tryRule } from '../trace/judge-side.ts';
import { missDistance } from '../trace/nearest.ts';
import type { Packet } from '../trace/packet.ts';
import type { PolicyIndex } from '../trace/policy-index.ts';
import type { Miss } from '../trace/trace.ts';
import { type Clause, describePortSpec, peerClauses, portClauses, type Remote } from './clauses.ts';
import type { Reading } from './reading.ts';

/** The verdict of one rule of a policy on a packet. Plain data, as it is printed. */
export interface RuleExplanation {
  readonly policy: PolicyKey;
  /** `spec.ingress[0]`. */
  readonly field: string;
  /** `role=client on TCP 80`. */
  readonly allows: string;
  readonly matches: boolean;
  /** The parts that the packet fails at: of the peers and of the ports those of the nearest entry. None where it matches. */
  readonly fails: readonly Clause[];
  /** `shop/web ingress[0] allows role=client on TCP 80; shop/api has role=admin`. */
  readonly text: string;
}

/** One of the policies that isolate an end, with its rules in order. */
export interface PolicyExplanation {
  readonly policy: PolicyKey;
  /** Why the policy allows nothing at all; undefined where it has rules that can be read. */
  readonly allowsNothing?: string;
  readonly rules: readonly RuleExplanation[];
}

/** The verdict of the policies of one end on a packet. */
export interface SideExplanation {
  readonly direction: Direction;
  /** The pod at this end, `namespace/name`, or its address. */
  readonly end: string;
  /** `open`: no policy isolates the end. `closed`: nothing passes, whatever policies say. */
  readonly state: 'open' | 'allowed' | 'denied' | 'closed';
  readonly policies: readonly PolicyExplanation[];
  /** Of an end that denies: the rule that came closest to allowing the packet. */
  readonly nearest?: RuleExplanation;
  /** One sentence. */
  readonly text: string;
}

/** The facts that a side is explained from. */
export interface SideFacts {
  readonly index: PolicyIndex;
  readonly reading: Reading;
}

const peerText = (peer: PeerSpec, home: string): string => {
  if (peer.kind === 'ipBlock') return describePeer(peer);
  const { podSelector, namespaceSelector } = peer;
  const labels = podSelector === undefined ? '' : describeSelector(podSelector);
  return namespaceSelector === undefined && labels !== '' ? labels : describePods(peer, home);
};

const MOST_LISTED = 4;

const listed = (all: readonly string[]): string =>
  all.length > MOST_LISTED
    ? `${all.slice(0, MOST_LISTED).join(', ')} and ${all.length - MOST_LISTED} more`
    : all.join(' or ');

/** Describes what a rule allows, as a noun: `role=client on TCP 80`. */
export const ruleText = ({ peers, ports }: RuleSpec, home: string): string => {
  const who = peers === 'any' ? 'anyone' : listed(peers.map((peer) => peerText(peer, home)));
  return ports === 'any' ? `${who} on every port` : `${who} on ${listed(ports.map(describePortSpec))}`;
};

/** Of entries none of which matches, the parts of the one that fails at the fewest; of equals the first. */
const fewest = (entries: readonly (readonly Clause[])[]): readonly Clause[] =>
  entries.reduce<readonly Clause[]>(
    (best, clauses) => (best.length === 0 || clauses.length < best.length ? clauses : best),
    [],
  );

const PORT_ORDER: readonly Clause['kind'][] = ['port', 'endPort', 'named port', 'protocol'];

const nearestPort = (entries: readonly (readonly Clause[])[]): readonly Clause[] =>
  entries.toSorted(
    ([a], [b]) => PORT_ORDER.indexOf(a?.kind ?? 'protocol') - PORT_ORDER.indexOf(b?.kind ?? 'protocol'),
  )[0] ?? [];

/** Joins sentences; what begins with the same name as the one before does without it. */
const joined = (sentences: readonly string[]): string =>
  sentences.reduce((whole, sentence, at) => {
    if (at === 0) return sentence;
    const [name = ''] = sentence.split(' ', 1);
    const isSame = sentences[at - 1]?.startsWith(`${name} `) === true;
    return isSame && name.includes('/')
      ? `${whole} and ${sentence.slice(name.length + 1)}`
      : `${whole}, and ${sentence}`;
  }, '');

interface RuleContext {
  readonly direction: Direction;
  readonly policy: ParsedPolicy;
  readonly side: Side;
  readonly remote: Remote;
}

const explainRule = (compiled: AllowRule, { direction, policy, side, remote }: RuleContext) => {
  const spec: RuleSpec = policy.rules[direction][compiled.index] ?? { peers: 'any', ports: 'any' };
  const outcome = tryRule(compiled, side);
  const allows = ruleText(spec, policy.namespace);
  const where = `${policy.key} ${direction}[${compiled.index}]`;
  const base = { policy: policy.key, field: formatField(['spec', direction, compiled.index]), allows };
  if ('allowance' in outcome) {
    return { rule: { ...base, matches: true, fails: [], text: `${where} allows ${allows}` }, distance: 0 };
  }
  const { miss } = outcome;
  const ofPeers =
    miss.peer === undefined && spec.peers !== 'any'
      ? fewest(spec.peers.map((peer) => peerClauses(peer, remote, policy.namespace)))
      : [];
  const ofPorts =
    miss.portMisses.length > 0 && spec.ports !== 'any'
      ? nearestPort(spec.ports.map((port) => portClauses(port, side.packet, side.destination)))
      : [];
  const fails = [...ofPeers, ...ofPorts];
  const text = `${where} allows ${allows}; ${joined(fails.map(({ has }) => has))}`;
  // The distance tells rules apart by what kind of part is missing, the number of parts by how much of it.
  return { rule: { ...base, matches: false, fails, text }, distance: missDistance(miss) + fails.length / 1000 };
};

type Told = ReturnType<typeof explainRule>;

const emptyPolicy = (
  { index, reading }: SideFacts,
  key: PolicyKey,
  direction: Direction,
): { readonly miss: Miss; readonly text: string } => {
  const faults = index.faultsOf(key);
  if (faults.length > 0) {
    const first = faults.slice(0, 2).map(({ field, message }) => `${formatField(field)}: ${message}`);
    return { miss: { kind: 'fault', policy: key, faults }, text: `it cannot be read: ${first.join('; ')}` };
  }
  const isWritten = reading.parsed(key) !== undefined;
  return {
    miss: { kind: 'no-rules', policy: key },
    text: isWritten ? `it has no ${direction} rules` : 'it is not known',
  };
};

const explainPolicy = (
  facts: SideFacts,
  key: PolicyKey,
  rules: readonly AllowRule[],
  context: Omit<RuleContext, 'policy'>,
): { readonly explanation: PolicyExplanation; readonly told: readonly Told[] } => {
  const policy = facts.reading.parsed(key);
  const own = rules.filter((rule) => rule.policy === key);
  if (policy === undefined || own.length === 0) {
    const { text } = emptyPolicy(facts, key, context.direction);
    return { explanation: { policy: key, allowsNothing: text, rules: [] }, told: [] };
  }
  const told = own.map((rule) => explainRule(rule, { ...context, policy }));
  return { explanation: { policy: key, rules: told.map(({ rule }) => rule) }, told };
};

const remoteOf = ({ index, reading }: SideFacts, address: string): Remote => {
  const pod = index.ownerAt(address);
  const doubtful = index.podAt(address);
  return {
    address,
    pod,
    namespaceLabels: reading.namespaceLabels(pod?.namespace ?? ''),
    doubt:
      pod === undefined && doubtful !== undefined
        ? `${address} may be the address of more than one pod, and so no selector means it`
        : undefined,
  };
};

const CLOSED = 'closed: nothing tells that the pod behind this sandbox still exists';

const explainOne = (
  facts: SideFacts,
  direction: Direction,
  { governing, side }: ReturnType<typeof sidesOf>[number],
): SideExplanation => {
  const { isolation, pod: subject } = governing;
  const end = describePod(subject);
  if (subject.closed !== undefined) {
    return { direction, end, state: 'closed', policies: [], text: `${direction} of ${end} is ${CLOSED}` };
  }
  const context = { direction, side, remote: remoteOf(facts, side.remote) };
  const explained = isolation.policies.map((key) => explainPolicy(facts, key, isolation.rules, context));
  const policies = explained.map(({ explanation }) => explanation);
  const told = explained.flatMap((each) => each.told);
  const by = told.find(({ rule }) => rule.matches);
  const isolatedBy = `${direction} of ${end} is isolated by ${listedAll(isolation.policies)}`;
  if (by !== undefined) {
    return { direction, end, state: 'allowed', policies, text: `${isolatedBy}; ${by.rule.text}` };
  }
  const nearest = told.reduce<Told | undefined>(
    (best, each) => (best === undefined || each.distance < best.distance ? each : best),
    undefined,
  )?.rule;
  const why =
    nearest?.text ?? policies.map(({ policy, allowsNothing }) => `${policy}: ${allowsNothing ?? ''}`).join('; ');
  return {
    direction,
    end,
    state: 'denied',
    policies,
    ...(nearest === undefined ? {} : { nearest }),
    text: `${isolatedBy}; ${nearest === undefined ? why : `nearest: ${why}`}`,
  };
};

const listedAll = (policies: readonly PolicyKey[]): string =>
  policies.length > MOST_LISTED
    ? `${policies.slice(0, MOST_LISTED).join(', ')} and ${policies.length - MOST_LISTED} more`
    : policies.join(', ');

const explainOpen = ({ index }: SideFacts, direction: Direction, own: string): SideExplanation => {
  const pod = index.podAt(own);
  const end = pod === undefined ? own : describePod(pod);
  const why = pod === undefined ? 'it is no pod, and policies isolate pods alone' : 'no policy isolates it';
  return { direction, end, state: 'open', policies: [], text: `${direction} of ${end} is open: ${why}` };
};

/**
 * Explains what the policies of one end say of a packet with canonical addresses: all rules in order, and the nearest. Where
 * more than one pod may be this end, it is about the first that denies, since each has to allow.
 */
export const explainSide = (facts: SideFacts, direction: Direction, packet: Packet): SideExplanation => {
  const judged = sidesOf(facts.index, direction, packet).map((each) => explainOne(facts, direction, each));
  const [first] = judged;
  if (first === undefined) return explainOpen(facts, direction, endsOf(direction, packet).own);
  return judged.find(({ state }) => state === 'denied' || state === 'closed') ?? first;
};
