import type { IpFamily } from '../../model/family.ts';
import { ADDRESS_BITS, type Cidr, formatAddress, formatCidr, type IpBlock } from '../../policy/cidr.ts';
import { createMemberRecord, type MemberChange } from '../../policy/incremental/peers.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import { type GateSet, gateSet, governedSet, heldSet, memberSet, type SetName } from '../names.ts';
import type { IpSet, SetType } from '../node-program.ts';
import type { PortScope, SetBuilder } from '../set-builder.ts';
import { createNamedPortMembers, type NamedPortMembers } from './named-port-members.ts';

/** The changes of one update to the sets of a family. */
export interface SetsDelta {
  /** With all their members. */
  readonly created: readonly IpSet[];
  /** Sets that existed before and stay; never with an empty change. */
  readonly changed: readonly (MemberChange & { readonly set: IpSet })[];
  readonly destroyed: readonly SetName[];
}

/** The sets of one family: added when rules name them, removed when no rule does. */
export interface FamilySets {
  readonly builder: SetBuilder;
  /** The sets that rules name. Live. */
  readonly sets: ReadonlyMap<SetName, IpSet>;
  /** Counts a use of these sets by rules. */
  use(names: Iterable<SetName>): void;
  unuse(names: Iterable<SetName>): void;
  /** Tracks the members of these sets, without adding the sets, until rules name them or `unreserve`. */
  reserve(names: Iterable<SetName>): void;
  unreserve(names: Iterable<SetName>): void;
  /** Reports whether rules name a set with exactly this Set of members. */
  isInUse(members: ReadonlySet<string>): boolean;
  /** Reports whether rules named the set at the last `settle`. */
  has(name: SetName): boolean;
  /** Returns the number of members of a set that exists or is reserved. */
  sizeOf(name: SetName): number;
  /** Sets the addresses that policies isolate. @returns the name of their set */
  govern(addresses: ReadonlySet<string>): SetName;
  /** Adds the reopen guard, which is filled when a connection is cut. @returns its name */
  hold(): SetName;
  /** Sets the members of a set of the gate, source validation or the bridges. @returns its name */
  gate(kind: GateSet, members: ReadonlySet<string>): SetName;
  /** Follows changes of members, and removes sets that no rule names. */
  settle(delta: Pick<PolicyDelta, 'members' | 'addresses'>): SetsDelta;
}

/**
 * How long a server that sends datagrams by itself is kept from a client whose connection was cut. Conntrack itself forgets
 * a UDP stream after the same time (nf_conntrack_udp_timeout_stream).
 */
const HELD_SECONDS = 120;

/** Two contents have the same name, which is only theoretically possible with 80 bits of digest. Rejected nevertheless. */
export class NameCollisionError extends Error {
  constructor(name: string, a: string, b: string) {
    super(`two sets would be named ${name}: ${a} and ${b}`);
    this.name = 'NameCollisionError';
  }
}

const GATE_SETS: Readonly<Record<GateSet, Pick<IpSet, 'type' | 'effect'>>> = {
  known: { type: 'hash:ip', effect: 'allow' },
  'gate ingress': { type: 'hash:net', effect: 'deny' },
  'gate egress': { type: 'hash:net', effect: 'deny' },
  local: { type: 'hash:ip', effect: 'deny' },
  nodes: { type: 'hash:ip', effect: 'allow' },
  ports: { type: 'hash:ip', effect: 'allow' },
};

interface Entry {
  readonly origin: string;
  readonly set: IpSet;
  readonly named: NamedPortMembers | undefined;
  uses: number;
  reserved: number;
}

/** Formats a block as `ipset save` does: a single address without its prefix. */
const formatBlock = (block: Cidr): string =>
  block.prefix === ADDRESS_BITS[block.family] ? formatAddress(block) : formatCidr(block);

const blockText = ({ cidr, except }: IpBlock): string => [cidr, ...except].map(formatCidr).join('-');

const scopeKey = (scope: PortScope): string => {
  switch (scope.kind) {
    case 'any':
      return 'any';
    case 'pods':
      return scope.key;
    case 'blocks':
      return scope.blocks.map(blockText).join(' ');
  }
};

export const createFamilySets = (family: IpFamily): FamilySets => {
  const byOrigin = new Map<string, Entry>();
  const byName = new Map<SetName, Entry>();
  const sets = new Map<SetName, IpSet>();
  /** Entries with port names, which depend on more than one input. */
  const named = new Set<Entry>();
  const byMembers = new Map<ReadonlySet<string>, Entry>();
  let touched = new Set<Entry>();
  const governed = new Set<string>();
  const gates = new Map<GateSet, Set<string>>();
  let record = createMemberRecord();

  const enter = (entry: Entry): Entry => {
    const { name, members } = entry.set;
    const namesake = byName.get(name);
    if (namesake !== undefined) throw new NameCollisionError(name, namesake.origin, entry.origin);
    byOrigin.set(entry.origin, entry);
    byName.set(name, entry);
    byMembers.set(members, entry);
    if (entry.named !== undefined) named.add(entry);
    touched.add(entry);
    return entry;
  };

  const remove = (entry: Entry): void => {
    byOrigin.delete(entry.origin);
    byName.delete(entry.set.name);
    byMembers.delete(entry.set.members);
    named.delete(entry);
  };

  const ask = (
    parts: readonly string[],
    type: SetType,
    membersOf: () => ReadonlySet<string> | NamedPortMembers,
    effect: IpSet['effect'] = 'allow',
    nameOf: () => SetName = () => memberSet(family, parts),
  ): SetName => {
    const origin = JSON.stringify(parts);
    const known = byOrigin.get(origin);
    if (known !== undefined) return known.set.name;
    const given = membersOf();
    const members = 'members' in given ? given.members : given;
    const set: IpSet = { name: nameOf(), type, members, effect };
    return enter({ origin, set, named: 'members' in given ? given : undefined, uses: 0, reserved: 0 }).set.name;
  };

  const fixed = (kind: string, blocks: readonly Cidr[], effect: IpSet['effect']): SetName => {
    const texts = blocks.map(formatBlock);
    return ask([kind, ...texts], 'hash:net', () => new Set(texts), effect);
  };

  const count = (names: Iterable<SetName>, by: 1 | -1): void => {
    for (const name of names) {
      const entry = byName.get(name);
      if (entry === undefined) throw new Error(`no set is named ${name}`);
      entry.uses += by;
      touched.add(entry);
    }
  };

  const reserve = (names: Iterable<SetName>, by: 1 | -1): void => {
    for (const name of names) {
      const entry = byName.get(name);
      if (entry === undefined) continue;
      entry.reserved += by;
      touched.add(entry);
    }
  };

  const refreshNamed = ({ members, addresses }: Pick<PolicyDelta, 'members' | 'addresses'>): void => {
    for (const { named: followed } of named) {
      if (followed === undefined) continue;
      followed.refresh(addresses, record);
      const scope = followed.scope === undefined ? undefined : members.get(followed.scope);
      if (scope === undefined) continue;
      followed.refresh(scope.added, record);
      followed.refresh(scope.removed, record);
    }
  };

  const settleEntry = (entry: Entry): 'created' | 'destroyed' | undefined => {
    const { name } = entry.set;
    const before = sets.has(name);
    if (entry.uses > 0 && !before) {
      sets.set(name, entry.set);
      return 'created';
    }
    if (entry.uses > 0) return undefined;
    if (entry.reserved === 0) remove(entry);
    return sets.delete(name) ? 'destroyed' : undefined;
  };

  return {
    builder: {
      pods: (peer) => ask(['pods', peer.key], 'hash:ip', () => peer.addresses[family]),
      blocks: (blocks) => fixed('blocks', blocks, 'allow'),
      excepts: (holes) => fixed('excepts', holes, 'deny'),
      namedPort: (scope, port) =>
        ask(['named port', scopeKey(scope), port.protocol, port.name], 'hash:ip,port', () =>
          createNamedPortMembers(family, scope, port),
        ),
      knows: (name) => byName.has(name),
    },
    sets,
    use: (names) => {
      count(names, 1);
    },
    unuse: (names) => {
      count(names, -1);
    },
    reserve: (names) => {
      reserve(names, 1);
    },
    unreserve: (names) => {
      reserve(names, -1);
    },
    isInUse(members) {
      const entry = byMembers.get(members);
      return entry !== undefined && sets.has(entry.set.name);
    },
    has: (name) => sets.has(name),
    sizeOf: (name) => byName.get(name)?.set.members.size ?? 0,
    govern(addresses) {
      for (const address of governed) if (!addresses.has(address)) record.remove(governed, address);
      for (const address of addresses) record.add(governed, address);
      return ask(
        ['governed'],
        'hash:ip',
        () => governed,
        'deny',
        () => governedSet(family),
      );
    },
    hold() {
      const name = heldSet(family);
      if (byName.has(name)) return name;
      const set: IpSet = {
        name,
        type: 'hash:ip,port,ip',
        members: new Set(),
        effect: 'deny',
        timeoutSeconds: HELD_SECONDS,
      };
      return enter({ origin: '["held"]', set, named: undefined, uses: 0, reserved: 0 }).set.name;
    },
    gate(kind, members) {
      const held = gates.get(kind) ?? new Set<string>();
      gates.set(kind, held);
      for (const member of held) if (!members.has(member)) record.remove(held, member);
      for (const member of members) record.add(held, member);
      const { type, effect } = GATE_SETS[kind];
      return ask(
        [kind],
        type,
        () => held,
        effect,
        () => gateSet(family, kind),
      );
    },
    settle(delta) {
      refreshNamed(delta);
      const outcomes = [...touched].map((entry) => ({ entry, outcome: settleEntry(entry) }));
      const created = outcomes.filter(({ outcome }) => outcome === 'created').map(({ entry }) => entry.set);
      const fresh = new Set<IpSet>(created);
      const changed = [...delta.members, ...record.changes()].flatMap(([members, { added, removed }]) => {
        const set = byMembers.get(members)?.set;
        const same = added.size === 0 && removed.size === 0;
        return set === undefined || same || fresh.has(set) || !sets.has(set.name) ? [] : [{ set, added, removed }];
      });
      const destroyed = outcomes.filter(({ outcome }) => outcome === 'destroyed').map(({ entry }) => entry.set.name);
      touched = new Set();
      record = createMemberRecord();
      return { created, changed, destroyed };
    },
  };
};
