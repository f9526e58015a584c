import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { PROTOCOLS } from '../model/protocol.ts';
import { type Cidr, covers, formatCidr, type IpBlock, unionOfBlocks } from '../policy/cidr.ts';
import type { AllowRule, Peer, PortMatch } from '../policy/node-policy.ts';
import { resolvePort } from '../policy/pod-ports.ts';
import type { Match, Rule } from './node-program.ts';
import { mergeRanges } from '../model/port-range.ts';
import { chunkRanges, isEveryPort } from './ports.ts';
import type { PortScope, SetBuilder } from './set-builder.ts';
import type { SetName } from './names.ts';

type PodsPeer = Extract<Peer, { kind: 'pods' }>;
type NamedPort = Extract<PortMatch, { kind: 'named' }>;

/** The matches of one rule; a rule without matches lets everything pass. */
export type Conditions = readonly Match[];

/** The context of an allow rule. */
export interface AllowContext {
  readonly direction: Direction;
  readonly family: IpFamily;
  /** The isolated pods. The named ports of ingress have the same numbers on all of them. */
  readonly pods: readonly PodEndpoint[];
  readonly sets: SetBuilder;
}

/** The peers of a rule, by the kind of match that they need. */
interface PeerParts {
  readonly any: boolean;
  readonly pods: readonly PodsPeer[];
  /** The union of the ipBlocks without excepts, in this family. */
  readonly whole: readonly Cidr[];
  /** The ipBlocks with effective excepts, in this family. An except applies to its own block only. */
  readonly pierced: readonly IpBlock[];
}

const holesOf = ({ except }: IpBlock): readonly Cidr[] => unionOfBlocks(except.map((cidr) => ({ cidr, except: [] })));

const isEmptied = (block: IpBlock): boolean => holesOf(block).some((hole) => covers(hole, block.cidr));

const partsOf = (peers: readonly Peer[], family: IpFamily): PeerParts => {
  const blocks = peers
    .flatMap((peer) => (peer.kind === 'ipBlock' ? [peer.block] : []))
    .filter(({ cidr }) => cidr.family === family);
  const whole = unionOfBlocks(blocks.filter(({ except }) => except.length === 0));
  return {
    any: peers.some((peer) => peer.kind === 'any') || whole.some(({ prefix }) => prefix === 0),
    pods: peers.filter((peer) => peer.kind === 'pods'),
    whole,
    pierced: blocks.filter((block) => block.except.length > 0 && !isEmptied(block)),
  };
};

const PEER_SIDE = {
  ingress: { address: 'source', fields: 'src' },
  egress: { address: 'destination', fields: 'dst' },
} as const;

/** Matches addresses in the block and in none of its excepts. A rule has one match per address, so a set takes the second. */
const piercedConditions = (block: IpBlock, { direction, sets }: AllowContext): Conditions => {
  const { cidr } = block;
  const { address, fields } = PEER_SIDE[direction];
  const holes = holesOf(block);
  const [only] = holes;
  if (cidr.prefix === 0 && only !== undefined && holes.length === 1) {
    return [{ kind: address, cidr: formatCidr(only), negated: true }];
  }
  const inside: Conditions = cidr.prefix === 0 ? [] : [{ kind: address, cidr: formatCidr(cidr) }];
  return [...inside, { kind: 'set', set: sets.excepts(holes), fields, negated: true }];
};

/** Returns one list of matches for each kind of peer. */
const peerConditions = (parts: PeerParts, context: AllowContext): readonly Conditions[] => {
  if (parts.any) return [[]];
  const { direction, sets } = context;
  const { address, fields } = PEER_SIDE[direction];
  const [first] = parts.whole;
  const whole: readonly Conditions[] =
    first === undefined
      ? []
      : parts.whole.length === 1
        ? [[{ kind: address, cidr: formatCidr(first) }]]
        : [[{ kind: 'set', set: sets.blocks(parts.whole), fields }]];
  return [
    ...parts.pods.map((peer): Conditions => [{ kind: 'set', set: sets.pods(peer), fields }]),
    ...whole,
    ...parts.pierced.map((block) => piercedConditions(block, context)),
  ];
};

/** Returns the ports as numbers. Ingress names are resolved on the isolated pods, which have equal numbers. */
const numericPorts = (ports: readonly PortMatch[], { direction, pods }: AllowContext): readonly Conditions[] => {
  if (ports.some((port) => port.kind === 'any')) return [[]];
  const [pod] = pods;
  const rangesOf = (port: PortMatch) => {
    if (port.kind === 'range') return [port];
    if (port.kind === 'any' || direction === 'egress' || pod === undefined) return [];
    return resolvePort(pod, port.protocol, port.name).map((number) => ({
      protocol: port.protocol,
      from: number,
      to: number,
    }));
  };
  const ranges = ports.flatMap(rangesOf);
  return PROTOCOLS.flatMap((protocol): readonly Conditions[] => {
    const merged = mergeRanges(ranges.filter((range) => range.protocol === protocol));
    if (isEveryPort(merged)) return [[{ kind: 'protocol', protocol }]];
    return chunkRanges(merged).map((chunk) => [{ kind: 'ports', protocol, ranges: chunk }]);
  });
};

/** Matches address and port together, since an egress port name has another number at each destination. */
const namedEgress = (port: NamedPort, parts: PeerParts, { sets }: AllowContext): readonly Conditions[] => {
  const { protocol, name, targets } = port;
  if (targets === undefined) throw new Error(`the destinations of port ${name} are not known`);
  const match = (scope: PortScope): Conditions => [
    { kind: 'set', set: sets.namedPort(scope, { protocol, name, targets }), fields: 'dst,dst' },
  ];
  if (parts.any) return [match({ kind: 'any' })];
  const blocks = [...parts.whole.map((cidr): IpBlock => ({ cidr, except: [] })), ...parts.pierced];
  return [...parts.pods.map(match), ...(blocks.length === 0 ? [] : [match({ kind: 'blocks', blocks })])];
};

/** The same for peers that mean every address of the family. */
export const anyPeerConditions = (rule: AllowRule, context: AllowContext): readonly Conditions[] =>
  partsOf(rule.peers, context.family).any ? allowConditions({ ...rule, peers: [{ kind: 'any' }] }, context) : [];

/** Returns the alternatives of a rule in one family: a packet that meets any of these lists of matches passes. */
export const allowConditions = (rule: AllowRule, context: AllowContext): readonly Conditions[] => {
  const parts = partsOf(rule.peers, context.family);
  const numeric = numericPorts(rule.ports, context);
  const byNumber =
    numeric.length === 0
      ? []
      : peerConditions(parts, context).flatMap((peer) => numeric.map((ports) => [...peer, ...ports]));
  if (context.direction === 'ingress') return byNumber;
  const named = rule.ports.filter((port) => port.kind === 'named');
  return [...byNumber, ...named.flatMap((port) => namedEgress(port, parts, context))];
};

const texts = new WeakMap<Match, string>();

const textOf = (match: Match): string => {
  const known = texts.get(match);
  if (known !== undefined) return known;
  const text = JSON.stringify(match);
  texts.set(match, text);
  return text;
};

/** Returns text that is equal for equal matches. Cached, because the rules of a policy repeat the same few. */
export const matchesText = (matches: readonly Match[]): string => {
  let text = '';
  for (const match of matches) text += `${textOf(match)}\n`;
  return text;
};

/** A rule of a chain that allows, with text that is equal for equal rules. */
export interface AllowingRule {
  readonly rule: Rule;
  readonly text: string;
}

interface Kept {
  readonly rules: readonly AllowingRule[];
  /** The sets that the rules name. */
  readonly sets: readonly SetName[];
}

/** Rules by builder (one family) and policy rule (one direction). */
const known = new WeakMap<SetBuilder, WeakMap<AllowRule, Kept>>();

const setsOf = (rules: readonly AllowingRule[]): readonly SetName[] => [
  ...new Set(rules.flatMap(({ rule }) => rule.matches.flatMap((match) => (match.kind === 'set' ? [match.set] : [])))),
];

/** Reports whether the rule depends on the isolated pods: a port name may have another number on other pods. */
const dependsOnPods = ({ ports }: AllowRule, { direction }: AllowContext): boolean =>
  direction === 'ingress' && ports.some(({ kind }) => kind === 'named');

/**
 * Returns the kernel rules of a policy's rule in one family; the same objects while the sets that they name are known. When
 * one policy of an isolation changes, the rules of the others are reused.
 */
export const keptRules = (rule: AllowRule, context: AllowContext): readonly AllowingRule[] => {
  const { sets } = context;
  const ofBuilder = known.get(sets) ?? new WeakMap<AllowRule, Kept>();
  known.set(sets, ofBuilder);
  const kept = ofBuilder.get(rule);
  if (kept?.sets.every((name) => sets.knows(name)) === true) return kept.rules;
  const rules = allowConditions(rule, context).map(
    (matches): AllowingRule => ({ rule: { matches, verdict: { kind: 'return' } }, text: matchesText(matches) }),
  );
  if (!dependsOnPods(rule, context)) ofBuilder.set(rule, { rules, sets: setsOf(rules) });
  return rules;
};
