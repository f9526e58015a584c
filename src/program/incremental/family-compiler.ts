import type { Direction } from '../../model/direction.ts';
import type { IpFamily } from '../../model/family.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { messageOf } from '../../model/message-of.ts';
import { type Cidr, familyOf, parseAddress } from '../../policy/cidr.ts';
import type { PolicyFault } from '../../policy/fault.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import type { Isolation } from '../../policy/node-policy.ts';
import { byText } from '../../policy/text-order.ts';
import type { LocalPorts } from '../bridge-ports.ts';
import { createDispatchTree, type DispatchEntry } from '../dispatch.ts';
import { type GateSets, createFamilyGate, type NodeGate } from '../gate.ts';
import { HOOKS, hookChains } from '../hooks.ts';
import type { Answered } from '../answers.ts';
import type { DeniedLog, Reports, Recorded } from '../records.ts';
import { closedIsolation, compileIsolation } from '../isolation-chain.ts';
import { isolationCost, withBody, createGrowths, type Grown } from './growth.ts';
import { type ChainName, isolationChain, type SetName, type Tree } from '../names.ts';
import type { Chain, FamilyProgram, RawHook, TableProgram } from '../node-program.ts';
import { type Guarded, sourceCheck } from '../source-check.ts';
import { type ChainChange, createFamilyChains } from './family-chains.ts';
import { createFamilyGuard, type NodeGuard } from './family-guard.ts';
import { createFamilyPorts } from './family-ports.ts';
import { createFamilySets, type SetsDelta } from './family-sets.ts';
import { endlessRoom, type Room } from './room.ts';

/** The changes of one update to the rule set of a family. */
export interface FamilyDelta {
  readonly chains: ReadonlyMap<ChainName, ChainChange>;
  readonly sets: SetsDelta;
  /** The raw table before and after; absent if nothing changed. */
  readonly raw?: RawChange | undefined;
}

export interface RawChange {
  readonly before: TableProgram<RawHook> | undefined;
  readonly after: TableProgram<RawHook> | undefined;
}

/** Inputs that all isolations of a family share. */
export interface FamilyOptions {
  readonly log?: DeniedLog | undefined;
  /** Returns how refused packets are answered. Called at each update; the result never changes. */
  readonly answered?: ((family: IpFamily) => Answered | undefined) | undefined;
  /** Returns the receiver of reports about refused packets; called at each update, constant from the first one on. */
  readonly recorded?: ((family: IpFamily) => Recorded | undefined) | undefined;
  readonly gate?: NodeGate | undefined;
  /** Returns the interfaces whose packets are validated by source. Called at each update. */
  readonly sources?: (() => readonly string[]) | undefined;
  readonly guard?: NodeGuard | undefined;
  /** Returns the node's interface that belongs to the pod with this address alone. */
  readonly interfaceOf?: ((address: string) => string | undefined) | undefined;
  /** Returns the ports of the node's bridges. Called at each update. */
  readonly ports?: (() => LocalPorts | undefined) | undefined;
}

export interface FamilyCompiler {
  /**
   * @param room limits the changes of one update; unlimited if absent. A chain that is too large denies everything until
   * further updates complete it: see isGrowing
   */
  update(delta: PolicyDelta, room?: Room): FamilyDelta;
  /** Reports whether something is still to be added, even without further changes. */
  isGrowing(): boolean;
  /** Returns the chains of the isolations that the last update added to. */
  grown(): readonly ChainName[];
  /**
   * Makes these chains deny everything from the next update on, until their rules change or `open`. The values are the
   * reasons.
   */
  close(chains: ReadonlyMap<ChainName, string>): void;
  /** Opens all closed chains with the next update. */
  open(): void;
  /** Returns faults that appeared while compiling, and the reasons of closed chains. */
  faults(): readonly PolicyFault[];
  /** Live. */
  program(): FamilyProgram;
}

/** Egress is judged before ingress: a packet that may not leave does not count for its destination. */
const ORDER: readonly Direction[] = ['egress', 'ingress'];

/** Each address of the node costs two rules, which only errors meet. */
const MAX_NODE_ADDRESSES = 32;

const TREES: readonly Tree[] = [...ORDER, 'errors'];

interface Address {
  readonly text: string;
  readonly cidr: Cidr;
}

/** An isolation compiled for the family. */
interface Judged {
  readonly isolation: Isolation;
  /** Addresses of its pods, at least one. */
  readonly addresses: readonly Address[];
  /** Addresses of the pods' node, canonical, sorted. */
  readonly nodeAddresses: readonly string[];
  /** Undefined if everything is allowed. */
  readonly chain: Chain | undefined;
  /** The chain and its body. */
  readonly chains: readonly Chain[];
  /** The sets that the chain names. */
  readonly sets: ReadonlySet<SetName>;
  /** Why the chain denies everything although its policies allow something. */
  readonly fault: string | undefined;
}

/** Interfaces of isolated pods without an address of the family. */
interface Unaddressed {
  readonly direction: Direction;
  readonly interfaces: readonly string[];
}

/** Reports whether a rule allows every peer at every port. */
const allowsAll = ({ rules }: Isolation): boolean =>
  rules.some(
    ({ peers, ports }) => peers.some(({ kind }) => kind === 'any') && ports.some(({ kind }) => kind === 'any'),
  );

const NO_SETS: ReadonlySet<SetName> = new Set();

const setsNamedBy = (chains: readonly Chain[]): ReadonlySet<SetName> =>
  new Set(
    chains.flatMap(({ rules }) =>
      rules.flatMap(({ matches }) => matches.flatMap((match) => (match.kind === 'set' ? [match.set] : []))),
    ),
  );

const toAddress = (text: string): readonly Address[] => {
  const cidr = parseAddress(text);
  return cidr === undefined ? [] : [{ text, cidr }];
};

/** An address in a direction: the chains of all pods that may own it. */
interface JudgedAddress {
  readonly address: Cidr;
  readonly chains: Set<ChainName>;
  readonly closesItself: boolean;
}

/** Returns the part that the dispatch trees and the chain of errors depend on. */
const dispatchKey = (judged: Judged | undefined): string =>
  judged?.chain === undefined
    ? ''
    : [judged.chain.name, ...judged.addresses.map(({ text }) => text), ...judged.nodeAddresses].join(' ');

/** Returns the pod's addresses of the family. */
const addressesOf = (pod: PodEndpoint, family: IpFamily): readonly string[] =>
  pod.ips.filter((ip) => familyOf(ip) === family);

export const createFamilyCompiler = (
  family: IpFamily,
  { log, answered, recorded, gate: nodeGate, sources, guard: nodeGuard, interfaceOf, ports: nodePorts }: FamilyOptions,
): FamilyCompiler => {
  const sets = createFamilySets(family);
  const gate = createFamilyGate(family, nodeGate, sets);
  const guard = createFamilyGuard(family, nodeGuard, sets);
  let gateSets: GateSets | undefined;
  let guarded: Guarded | undefined;
  const reports = (): Reports => ({ log, recorded: recorded?.(family) });
  const ports = createFamilyPorts(family, sets, reports);
  const chains = createFamilyChains();
  const judged = new Map<string, Judged>();
  const trees = {
    egress: createDispatchTree('egress'),
    ingress: createDispatchTree('ingress'),
    errors: createDispatchTree('errors'),
  };
  const closed = new Map<ChainName, string>();
  /** Keys of isolations whose chain was closed or opened. */
  const stale = new Set<string>();
  const faulty = new Map<string, Judged>();
  const unaddressed = new Map<string, Unaddressed>();
  let hookSets = NO_SETS;
  let begun = false;
  let interfaces: readonly string[] = [];
  let raw: TableProgram<RawHook> | undefined;
  let rawSets = NO_SETS;

  const nameOf = ({ direction, policies, namedPorts }: Isolation): ChainName =>
    isolationChain(direction, policies, namedPorts);

  const closedBy = (isolation: Isolation, fault: string | undefined): Grown => ({
    chains: [closedIsolation(isolation)],
    sets: NO_SETS,
    fault,
  });

  const compile = (isolation: Isolation): Grown => {
    const refusal = closed.size === 0 ? undefined : closed.get(nameOf(isolation));
    if (refusal !== undefined) return closedBy(isolation, refusal);
    try {
      const chain = compileIsolation(isolation, family, sets.builder, reports(), answered?.(family));
      if (chain === undefined) return { chains: [], sets: NO_SETS, fault: undefined };
      return { chains: withBody(chain), sets: setsNamedBy([chain]), fault: undefined };
    } catch (error) {
      return closedBy(isolation, `it cannot be compiled: ${messageOf(error)}`);
    }
  };

  /** @returns whether the set of closed interfaces has changed */
  const noteUnaddressed = (key: string, isolation: Isolation | undefined): boolean => {
    const before = unaddressed.get(key)?.interfaces.join();
    const interfaces = isolation?.pods.flatMap(interfaceOfBare) ?? [];
    if (isolation === undefined || interfaces.length === 0 || allowsAll(isolation)) unaddressed.delete(key);
    else unaddressed.set(key, { direction: isolation.direction, interfaces });
    return before !== unaddressed.get(key)?.interfaces.join();
  };

  const growths = createGrowths(family, sets, compile);

  const addressesIn = (isolation: Isolation | undefined): readonly Address[] =>
    isolation?.pods.flatMap((pod) => addressesOf(pod, family).flatMap(toAddress)) ?? [];

  const isSame = (key: string, isolation: Isolation): boolean =>
    judged.get(key)?.isolation.rules === isolation.rules && !stale.has(key);

  const put = (key: string, isolation: Isolation, addresses: readonly Address[], grown: Grown): Judged => {
    const { chains: all, sets: named, fault } = grown;
    const hostIPs = new Set(isolation.pods.flatMap((pod) => pod.hostIPs));
    const nodeAddresses = [...hostIPs].filter((ip) => familyOf(ip) === family).sort();
    const now = { isolation, addresses, nodeAddresses, chain: all[0], chains: all, sets: named, fault };
    judged.set(key, now);
    if (fault === undefined) faulty.delete(key);
    else faulty.set(key, now);
    return now;
  };

  const costOf = (isolation: Isolation | undefined): number => {
    if (isolation === undefined || (closed.size > 0 && closed.has(nameOf(isolation)))) return 0;
    try {
      return isolationCost(isolation, family, sets.isInUse);
    } catch {
      // Compiling fails in the same way, and reports it.
      return 0;
    }
  };

  /** @returns whether the path to the chain has changed */
  const replace = (key: string, isolation: Isolation | undefined, room: Room): boolean => {
    const closesOthers = noteUnaddressed(key, isolation);
    return replaceJudged(key, isolation, room) || closesOthers;
  };

  /** @returns whether the path to the chain has changed */
  const replaceJudged = (key: string, isolation: Isolation | undefined, room: Room): boolean => {
    const before = judged.get(key);
    const addresses = addressesIn(isolation);
    if (isolation === undefined || addresses.length === 0) {
      growths.drop(key);
      judged.delete(key);
      faulty.delete(key);
      growths.inherit(before?.sets ?? NO_SETS);
      return before?.chain !== undefined;
    }
    if (before !== undefined && isSame(key, isolation)) {
      // A growing isolation keeps its rules.
      if (growths.has(key)) growths.begin(key, isolation);
      return dispatchKey(put(key, isolation, addresses, before)) !== dispatchKey(before);
    }
    // The kernel may accept the new rules where it rejected the former ones.
    if (before?.chain !== undefined && before.isolation.rules !== isolation.rules) closed.delete(before.chain.name);
    growths.inherit(before?.sets ?? NO_SETS);
    const cost = costOf(isolation);
    const fits = cost <= room.left;
    if (fits) {
      room.left -= cost;
      growths.drop(key);
    } else growths.begin(key, isolation);
    const now = put(key, isolation, addresses, fits ? compile(isolation) : closedBy(isolation, undefined));
    sets.use(now.sets);
    return dispatchKey(now) !== dispatchKey(before);
  };

  /** Adds more of the isolations that are too large for one update. @returns whether the path to a chain has changed */
  const grow = (room: Room): boolean => {
    let moved = false;
    for (const [key, isolation, grown] of growths.grow(room)) {
      const before = judged.get(key);
      const now = put(key, isolation, before?.addresses ?? [], grown);
      if (dispatchKey(now) !== dispatchKey(before)) moved = true;
    }
    return moved;
  };

  /** Sorts by size, smallest first. */
  const bySize = (
    isolations: readonly (readonly [string, Isolation | undefined])[],
    { left }: Room,
  ): readonly (readonly [string, Isolation | undefined])[] =>
    isolations.length === 1 || left === Number.POSITIVE_INFINITY
      ? isolations
      : isolations
          .map((entry) => ({ entry, cost: costOf(entry[1]) }))
          .sort((a, b) => a.cost - b.cost)
          .map(({ entry }) => entry);

  const interfaceOfBare = ({ ips }: PodEndpoint): readonly string[] =>
    ips.some((ip) => familyOf(ip) === family) ? [] : ips.flatMap((ip) => interfaceOf?.(ip) ?? []);

  const bareIn = (direction: Direction): readonly string[] =>
    [
      ...new Set([...unaddressed.values()].flatMap((each) => (each.direction === direction ? each.interfaces : []))),
    ].sort();

  /** Compiles the dispatch trees and hook chains, which lead to the chains of isolations. */
  const lead = (): void => {
    const errors: DispatchEntry[] = [];
    const judgedAt: Record<Direction, Map<string, JudgedAddress>> = { egress: new Map(), ingress: new Map() };
    const governed = new Set<string>();
    const own = guarded?.network.addresses.filter((address) => familyOf(address) === family) ?? [];
    const nodeAddresses = new Set(own.slice(0, MAX_NODE_ADDRESSES));
    for (const direction of ORDER) {
      for (const { isolation, addresses, chain, nodeAddresses: hostIPs } of judged.values()) {
        if (chain === undefined || isolation.direction !== direction) continue;
        for (const address of hostIPs) nodeAddresses.add(address);
        for (const { text, cidr } of addresses) {
          const known = judgedAt[direction].get(text);
          if (known !== undefined) {
            known.chains.add(chain.name);
            continue;
          }
          const closesItself = !governed.has(text);
          // A pod that may send anything may also send errors.
          if (direction === 'egress') errors.push({ address: cidr, chains: [] });
          governed.add(text);
          judgedAt[direction].set(text, { address: cidr, chains: new Set([chain.name]), closesItself });
        }
      }
    }
    const entriesOf = (direction: Direction): readonly DispatchEntry[] =>
      [...judgedAt[direction].values()].map((each) => ({ ...each, chains: [...each.chains].sort(byText) }));
    const entries: Readonly<Record<Tree, readonly DispatchEntry[]>> = {
      egress: entriesOf('egress'),
      ingress: entriesOf('ingress'),
      errors,
    };
    const directions = ORDER.filter((direction) => entries[direction].length > 0);
    const hooks = hookChains(family, {
      directions,
      sets: governed.size === 0 ? undefined : { governed: sets.govern(governed), held: sets.hold() },
      gate: gateSets,
      nodeAddresses: [...nodeAddresses].sort(),
      unaddressed: { egress: bareIn('egress'), ingress: bareIn('ingress') },
      ports: ports.known(),
      answered: answered?.(family),
      recorded: recorded?.(family),
    });
    const named = setsNamedBy(hooks);
    sets.use(named);
    sets.unuse(hookSets);
    hookSets = named;
    chains.put('hooks', hooks);
    for (const tree of TREES) {
      chains.put(`${tree} tree`, entries[tree].length === 0 ? [] : trees[tree](entries[tree]));
    }
  };

  const lookAtSources = (guardedBefore: Guarded | undefined): RawChange | undefined => {
    const now = sources?.() ?? [];
    if (now.join() === interfaces.join() && guarded === guardedBefore) return undefined;
    interfaces = now;
    const before = raw;
    raw = now.length === 0 && guarded === undefined ? undefined : sourceCheck(family, now, reports(), guarded);
    const named = setsNamedBy([...(raw?.chains.values() ?? [])]);
    sets.use(named);
    sets.unuse(rawSets);
    rawSets = named;
    return { before, after: raw };
  };

  return {
    update(delta, room = endlessRoom()) {
      const again = [...stale].flatMap((key) => {
        const isolation = judged.get(key)?.isolation;
        return isolation === undefined ? [] : [[key, isolation] as const];
      });
      const isolations = [...new Map([...again, ...delta.isolations])].sort(([a], [b]) => byText(a, b));
      const growing = growths.keys();
      const moved = bySize(isolations, room).filter(([key, isolation]) => replace(key, isolation, room));
      const grew = grow(room);
      const gated = gateSets?.ranges.join();
      gateSets = gate.update(delta);
      const guardedBefore = guarded;
      guarded = guard.update(delta);
      const isOtherNode = guarded?.network.addresses.join() !== guardedBefore?.network.addresses.join();
      const bridged = ports.update(isolations, nodePorts?.(), (key) => judged.get(key)?.fault !== undefined);
      const isOther = isOtherNode || bridged !== undefined || gateSets?.ranges.join() !== gated;
      if (moved.length > 0 || grew || !begun || isOther) lead();
      if (bridged !== undefined) chains.put('ports', bridged);
      begun = true;
      stale.clear();
      // Isolations come after the chains that lead to them, which is the order in which people read.
      for (const key of new Set([...isolations.map(([each]) => each), ...growing])) {
        chains.put(key, [...(judged.get(key)?.chains ?? []), ...growths.chainsOf(key)]);
      }
      const rawChange = lookAtSources(guardedBefore);
      return { chains: chains.takeChanges(), sets: sets.settle(delta), raw: rawChange };
    },
    isGrowing: growths.isAny,
    grown: growths.grown,
    close(refused) {
      for (const [name, reason] of refused) closed.set(name, reason);
      for (const [key, { chain }] of judged) if (chain !== undefined && refused.has(chain.name)) stale.add(key);
    },
    open() {
      for (const [key, { chain }] of judged) if (chain !== undefined && closed.has(chain.name)) stale.add(key);
      closed.clear();
    },
    faults: () =>
      [...faulty.values()].flatMap(({ isolation: { direction, policies }, fault = '' }) =>
        policies.map((policy) => ({ policy, field: ['spec', direction], message: fault, isOfNode: true as const })),
      ),
    program: () => ({ chains: chains.chains, sets: sets.sets, hooks: HOOKS, raw }),
  };
};
