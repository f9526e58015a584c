import { createHash } from 'node:crypto';
import type { Brand } from '../model/brand.ts';
import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';

/** An iptables chain of ours. */
export type ChainName = Brand<'ChainName'>;
/** An ipset of ours. */
export type SetName = Brand<'SetName'>;

/** The prefix of our chains. The agent changes no chain without it. */
const CHAIN_PREFIX = 'PORTCULLIS-';
/** The prefix of our sets. The agent changes no set without it. */
export const SET_PREFIX = 'portcullis-';

/** Longest chain name: XT_EXTENSION_MAXNAMELEN less the closing NUL. */
export const MAX_CHAIN_NAME = 28;
/** Longest set name: IPSET_MAXNAMELEN less the closing NUL. */
export const MAX_SET_NAME = 31;

const chain = (name: string): ChainName => `${CHAIN_PREFIX}${name}` as ChainName;

export const FORWARD_CHAIN = chain('FORWARD');
export const OUTPUT_CHAIN = chain('OUTPUT');
export const STRAY_CHAIN = chain('STRAY');
/** Separates one family's ICMP into errors, the link traffic of IPv6, and the rest. */
export const ICMP_CHAIN: Readonly<Record<IpFamily, ChainName>> = { ipv4: chain('ICMP'), ipv6: chain('ICMPV6') };
/** Errors about live connections that no earlier rule accepts. */
export const ERRORS_CHAIN = chain('ERRORS');
export const JUDGE_CHAIN = chain('JUDGE');
/** Bridged packets with an end that is no pod's address. */
export const PORTS_CHAIN = chain('PORTS');
/** Chains that refuse packets for other reasons than a policy's, where records are kept: one for each reason. */
export const UNKNOWN_CHAIN = chain('UNKNOWN');
export const HELD_CHAIN = chain('HELD');
export const NO_ADDRESS_CHAIN = chain('NO-ADDRESS');
/** Chains of the raw table: source validation, and the drop of spoofed packets. */
export const SOURCES_CHAIN = chain('SOURCES');
export const SPOOFED_CHAIN = chain('SPOOFED');
/** In the raw table: validation of tunnel packets, and the drop for those that no node sent. */
export const TUNNELS_CHAIN = chain('TUNNELS');
export const INJECTED_CHAIN = chain('INJECTED');

/**
 * The layout of this version's chains and sets. A release that changes what hooks lead to, or the content of a chain or set
 * with a fixed name, increments it; 0.1.0 had none. Up to 3 the chains were in the filter table.
 */
export const LAYOUT = 4;

const LAYOUT_PREFIX = chain('LAYOUT-');

/** An empty chain without references: its name tells the next agent which layout exists. */
export const LAYOUT_CHAIN = `${LAYOUT_PREFIX}${LAYOUT}` as ChainName;

/** Returns the layout that the chain marks; undefined if it is no such chain. */
export const layoutOf = (name: string): number | undefined => {
  const number = name.startsWith(LAYOUT_PREFIX) ? name.slice(LAYOUT_PREFIX.length) : '';
  return /^\d{1,9}$/.test(number) ? Number(number) : undefined;
};

/** A tree over isolated addresses: one per direction, and one over the senders of errors. */
export type Tree = Direction | 'errors';

/** Roots of the trees that lead an address to the chain of its policies, or to the rules for the errors that it sends. */
export const DISPATCH_CHAIN: Readonly<Record<Tree, ChainName>> = {
  egress: chain('EGRESS'),
  ingress: chain('INGRESS'),
  errors: chain('SENDERS'),
};

const LETTER: Readonly<Record<Direction, string>> = { egress: 'E', ingress: 'I' };
const TREE_LETTER: Readonly<Record<Tree, string>> = { ...LETTER, errors: 'R' };
const DIGIT: Readonly<Record<IpFamily, string>> = { ipv4: '4', ipv6: '6' };

/** 32 characters of five bits each. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Returns a digest of the parts with `length` characters of five bits; the same in every process. */
const digest = (parts: readonly string[], length: number): string =>
  [...createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, length)]
    .map((byte) => ALPHABET.charAt(byte & 31))
    .join('');

const digested = (prefix: string, max: number, parts: readonly string[]): string =>
  `${prefix}${digest(parts, max - prefix.length)}`;

const BODY_PREFIX = chain('B-');
const SCRATCH_PREFIX = chain('X-');

/** Returns the chain of the pods that the same policies isolate. */
export const isolationChain = (direction: Direction, policies: readonly string[], namedPorts: string): ChainName =>
  digested(chain(`${LETTER[direction]}-`), MAX_CHAIN_NAME, [direction, namedPorts, ...policies]) as ChainName;

/** The direction of an isolation's chain, and of one of anyPeerChain; undefined for others. */
export const directionOf = (name: string): Direction | undefined =>
  (['egress', 'ingress'] as const).find(
    (direction) => name.startsWith(chain(`${LETTER[direction]}-`)) || name.startsWith(chain(`A${LETTER[direction]}-`)),
  );

/** Whether the chain is one of anyPeerChain. */
export const isAnyPeerChain = (name: string): boolean =>
  Object.values(LETTER).some((letter) => name.startsWith(chain(`A${letter}-`)));

/** The chain with the isolation's rules that allow every peer. */
export const anyPeerChain = (direction: Direction, policies: readonly string[], namedPorts: string): ChainName =>
  digested(chain(`A${LETTER[direction]}-`), MAX_CHAIN_NAME, [direction, namedPorts, ...policies]) as ChainName;

/** Reports whether isolationChain made the name. */
export const isIsolationChain = (name: ChainName): boolean =>
  Object.values(LETTER).some((letter) => name.startsWith(chain(`${letter}-`)));

/** Returns the name of the body of an isolation's chain, by its content. */
export const bodyChain = (of: ChainName, rules: string): ChainName =>
  digested(BODY_PREFIX, MAX_CHAIN_NAME, ['body', of, rules]) as ChainName;

/** Reports whether bodyChain made the name. */
export const isBodyChain = (name: string): boolean => name.startsWith(BODY_PREFIX);

/** Returns a chain without references in which another chain's rules are tried. */
export const scratchChain = (name: ChainName): ChainName =>
  digested(SCRATCH_PREFIX, MAX_CHAIN_NAME, ['scratch', name]) as ChainName;

/** Reports whether the text of rules may name such a chain. */
export const mayNameScratchChain = (text: string): boolean => text.includes(SCRATCH_PREFIX);

/** Returns the chain that dispatches the addresses of one block. */
export const dispatchChain = (tree: Tree, block: string): ChainName =>
  digested(chain(`T${TREE_LETTER[tree]}-`), MAX_CHAIN_NAME, [tree, block]) as ChainName;

/** Returns a set whose members `parts` determine: a selector, a list of blocks, a named port of a selector's pods. */
export const memberSet = (family: IpFamily, parts: readonly string[]): SetName =>
  digested(`${SET_PREFIX}${DIGIT[family]}-`, MAX_SET_NAME, [family, ...parts]) as SetName;

/** Returns the set of all addresses that policies isolate on this node. */
export const governedSet = (family: IpFamily): SetName => `${SET_PREFIX}${DIGIT[family]}-governed` as SetName;

/** Returns the reopen guard: the set of flows that could open a cut connection again in reverse. */
export const heldSet = (family: IpFamily): SetName => `${SET_PREFIX}${DIGIT[family]}-held` as SetName;

const GATE = {
  known: 'known',
  'gate ingress': 'gate-in',
  'gate egress': 'gate-out',
  local: 'local',
  nodes: 'nodes',
  ports: 'ports',
} as const;

/**
 * `known`: addresses of the node's pods. `gate`: ranges that are closed in that direction, except for known addresses.
 * `local`: addresses of the node and its pods, as sources. `nodes`: addresses of all nodes. `ports`: addresses of pods on
 * the node's bridges.
 */
export type GateSet = keyof typeof GATE;

export const gateSet = (family: IpFamily, kind: GateSet): SetName =>
  `${SET_PREFIX}${DIGIT[family]}-${GATE[kind]}` as SetName;

/** Reports whether the chain is ours. */
export const isOwnChain = (name: string): name is ChainName => name.startsWith(CHAIN_PREFIX);

/** Reports whether the text of a rule can name a chain of ours. Cheap, since other programs may have many rules. */
export const mayNameOwnChain = (rule: string): boolean => rule.includes(CHAIN_PREFIX);

/** Reports whether the set is ours. */
export const isOwnSet = (name: string): name is SetName => name.startsWith(SET_PREFIX);

/** Returns the name under which a set is rebuilt before it is swapped in. */
export const spareSet = (name: SetName): SetName =>
  digested(`${SET_PREFIX}x-`, MAX_SET_NAME, ['spare', name]) as SetName;

const MARKER_PREFIX = `${SET_PREFIX}m-`;

/** Returns a set that no rule set contains; an agent creates it to see whether another agent removes it. */
export const markerSet = (token: string): SetName =>
  digested(MARKER_PREFIX, MAX_SET_NAME, ['marker', token]) as SetName;

/** Reports whether the set is such a marker. */
export const isMarkerSet = (name: string): boolean => name.startsWith(MARKER_PREFIX);
