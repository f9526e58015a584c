import { bodyChain, type ChainName, type SetName } from '../names.ts';
import { matchesText } from '../allow.ts';
import type { Chain, Rule } from '../node-program.ts';
import type { IpFamily } from '../../model/family.ts';
import type { AllowRule, Isolation, Peer } from '../../policy/node-policy.ts';
import { ruleSize } from '../../policy/limits.ts';
import { MEMBER_COST, type Room } from './room.ts';
import type { FamilySets } from './family-sets.ts';

/** A chain with more rules gets a body, which can be loaded while packets still traverse the old rules. */
const MOST_RULES = 150;

const rulesText = (rules: readonly Rule[]): string =>
  rules.map(({ matches, verdict }) => `${matchesText(matches)}${JSON.stringify(verdict)}`).join('\n');

/**
 * Returns the chain, and its body if it is long. The body's name is a digest of its rules, so that other rules have another
 * name. The chain is then a single goto, from which a return leads back to the jump's origin. There is one body only,
 * because nft accepts up to 16 nested gotos (NFT_JUMP_STACK_SIZE).
 */
export const withBody = (chain: Chain): readonly Chain[] => {
  if (chain.rules.length <= MOST_RULES) return [chain];
  const body: Chain = { name: bodyChain(chain.name, rulesText(chain.rules)), rules: chain.rules };
  return [{ name: chain.name, rules: [{ matches: [], verdict: { kind: 'goto', chain: body.name } }] }, body];
};

/** The constant part of a rule's cost, and the peers that determine the rest. */
interface Weighed {
  readonly fixed: number;
  readonly pods: readonly Extract<Peer, { kind: 'pods' }>[];
}

const weighed = new WeakMap<AllowRule, Weighed>();

const weigh = (rule: AllowRule): Weighed => {
  const known = weighed.get(rule);
  if (known !== undefined) return known;
  let blocks = 0;
  for (const peer of rule.peers) if (peer.kind === 'ipBlock') blocks += 1 + peer.block.except.length;
  const made = {
    fixed: ruleSize(rule) + MEMBER_COST * blocks,
    pods: rule.peers.filter((peer) => peer.kind === 'pods'),
  };
  weighed.set(rule, made);
  return made;
};

/**
 * Returns an upper bound for the cost of an isolation's rules in the kernel, see Room.
 * @param isThere reports whether a set with these members exists already
 */
export const isolationCost = (
  { rules }: Isolation,
  family: IpFamily,
  isThere: (members: ReadonlySet<string>) => boolean,
): number => {
  let cost = 1;
  for (const rule of rules) {
    const { fixed, pods } = weigh(rule);
    cost += fixed;
    for (const { addresses } of pods) {
      if (!isThere(addresses[family])) cost += MEMBER_COST * addresses[family].size;
    }
  }
  return cost;
};

/** A completed isolation. */
export interface Grown {
  /** The chain with the isolation's name is first; empty if it allows everything. */
  readonly chains: readonly Chain[];
  /** The sets that the chains name. */
  readonly sets: ReadonlySet<SetName>;
  readonly fault: string | undefined;
}

/** Isolations that are too large for one update, and deny everything until they are complete. */
interface Growths {
  has(key: string): boolean;
  isAny(): boolean;
  keys(): readonly string[];
  /** Begins an isolation, or begins it again with other rules. */
  begin(key: string, isolation: Isolation): void;
  /** Removes the parts of an isolation that were added so far, unless one that begins in the same update needs them. */
  drop(key: string): void;
  /** Keeps sets that an isolation no longer names, for isolations that begin in the same update. */
  inherit(used: Iterable<SetName>): void;
  /** Returns the chains that exist already; no packet can reach them. */
  chainsOf(key: string): readonly Chain[];
  /**
   * Adds as much as there is room for, oldest first. @returns the isolations that are complete; their sets are in use
   * already
   */
  grow(room: Room): readonly (readonly [string, Isolation, Grown])[];
  /** Returns the chains' names of the isolations that the last call added to. */
  grown(): readonly ChainName[];
}

/** Sets that rules named, or were about to name, until now: the new rules may name them again. */
interface Heritage {
  readonly used: readonly SetName[];
  readonly reserved: readonly SetName[];
}

interface Growing {
  readonly isolation: Isolation;
  /** Undefined until its turn. */
  parts: Parts | undefined;
  /** Kept until the parts are known; the sets that the parts need are kept until they are complete. */
  heritage: Heritage;
}

interface Parts {
  readonly grown: Grown;
  /** Sets still to be added. */
  readonly sets: SetName[];
  readonly cameSets: Set<SetName>;
  /** Number of the body's rules that exist. */
  rules: number;
  /** The part of the body that exists. */
  body: Chain | undefined;
}

const NO_HERITAGE: Heritage = { used: [], reserved: [] };

export const createGrowths = (
  family: IpFamily,
  sets: FamilySets,
  compile: (isolation: Isolation) => Grown,
): Growths => {
  const growing = new Map<string, Growing>();
  let names: ChainName[] = [];

  /** The heritage of everything that was dropped in this update. */
  let heritage = NO_HERITAGE;

  const release = ({ used, reserved }: Heritage): void => {
    sets.unuse(used);
    sets.unreserve(reserved);
  };

  const partsOf = (one: Growing): Parts => {
    const grown = compile(one.isolation);
    sets.reserve(grown.sets);
    const used = one.heritage.used.filter((name) => grown.sets.has(name));
    sets.use(used);
    release(one.heritage);
    one.heritage = { used, reserved: [] };
    return { grown, sets: [...grown.sets], cameSets: new Set(), rules: 0, body: undefined };
  };

  const isThere = (room: Room, name: string): boolean => room.has?.(family, name) === true;

  /** @returns whether all sets exist. A set that exceeds the whole room is added alone. */
  const bringSets = ({ sets: toCome, cameSets }: Parts, room: Room, whole: number): boolean => {
    for (let set = toCome.at(-1); set !== undefined; set = toCome.at(-1)) {
      const cost = sets.has(set) || isThere(room, set) ? 0 : 1 + MEMBER_COST * sets.sizeOf(set);
      if (cost > room.left && room.left < whole) return false;
      room.left -= cost;
      toCome.pop();
      cameSets.add(set);
      sets.use([set]);
    }
    return true;
  };

  /** @returns whether the body is complete */
  const bringBody = (parts: Parts, room: Room): boolean => {
    const [, body] = parts.grown.chains;
    if (body === undefined) return true;
    const left = body.rules.length - parts.rules;
    const more = isThere(room, body.name) ? left : Math.max(0, Math.min(left, Math.floor(room.left)));
    if (!isThere(room, body.name)) room.left -= more;
    parts.rules += more;
    if (more > 0)
      parts.body = parts.rules === body.rules.length ? body : { ...body, rules: body.rules.slice(0, parts.rules) };
    return parts.rules === body.rules.length;
  };

  const drop = (key: string): void => {
    const one = growing.get(key);
    if (one === undefined) return;
    const { parts } = one;
    heritage = {
      used: [...heritage.used, ...one.heritage.used, ...(parts?.cameSets ?? [])],
      reserved: [...heritage.reserved, ...one.heritage.reserved, ...(parts?.grown.sets ?? [])],
    };
    growing.delete(key);
  };

  return {
    has: (key) => growing.has(key),
    isAny: () => growing.size > 0,
    keys: () => [...growing.keys()],
    begin(key, isolation) {
      const before = growing.get(key);
      if (before?.isolation.rules === isolation.rules) {
        growing.set(key, { ...before, isolation });
        return;
      }
      drop(key);
      const own = { used: [...new Set(heritage.used)], reserved: [...new Set(heritage.reserved)] };
      sets.use(own.used);
      sets.reserve(own.reserved);
      growing.set(key, { isolation, parts: undefined, heritage: own });
    },
    drop,
    inherit(used) {
      heritage = { ...heritage, used: [...heritage.used, ...used] };
    },
    chainsOf(key) {
      const body = growing.get(key)?.parts?.body;
      return body === undefined ? [] : [body];
    },
    grow(given) {
      const complete: (readonly [string, Isolation, Grown])[] = [];
      names = [];
      release(heritage);
      heritage = NO_HERITAGE;
      if (given.isForSmall === true) return [];
      const room = { ...given, left: Math.min(given.left, given.forLarge ?? given.left) };
      const whole = room.left;
      for (const [key, one] of growing) {
        // What the kernel has already is adopted, without using room.
        if (room.left <= 0 && room.has === undefined) break;
        one.parts ??= partsOf(one);
        const { grown } = one.parts;
        const [main] = grown.chains;
        if (main !== undefined) names.push(main.name);
        if (!bringSets(one.parts, room, whole) || !bringBody(one.parts, room)) {
          if (room.has === undefined) break;
          continue;
        }
        room.left -= grown.chains.length === 1 ? (main?.rules.length ?? 0) : 1;
        sets.unreserve(grown.sets);
        release(one.heritage);
        growing.delete(key);
        complete.push([key, one.isolation, grown]);
      }
      given.left -= whole - room.left;
      return complete;
    },
    grown: () => names,
  };
};
