import type { IpFamily } from '../../model/family.ts';
import type { Isolation } from '../../policy/node-policy.ts';
import type { ChainName, SetName } from '../names.ts';
import type { Chain } from '../node-program.ts';
import type { FamilySets } from './family-sets.ts';
import { MEMBER_COST, type Room } from './room.ts';

/** An isolation as it will be. */
export interface Grown {
  /** The one of the isolation's name first; none where it allows everything. */
  readonly chains: readonly Chain[];
  /** Those that the chains name. */
  readonly sets: ReadonlySet<SetName>;
  readonly fault: string | undefined;
}

/** Isolations that are too large for one update, and deny everything until all that they need is there. */
export interface Growths {
  has(key: string): boolean;
  isAny(): boolean;
  keys(): readonly string[];
  /** Begins, or begins anew where the rules are others. */
  begin(key: string, isolation: Isolation): void;
  /** What it has brought so far goes, unless one that begins in the same update needs it. */
  drop(key: string): void;
  /** Takes over sets in use that an isolation does not name any more, for those that begin in the same update. */
  inherit(used: Iterable<SetName>): void;
  /** Chains that are there already, none of which a packet can get to. */
  chainsOf(key: string): readonly Chain[];
  /** Brings as much as there is room for, oldest first. @returns what is complete now; its sets are in use already */
  grow(room: Room): readonly (readonly [string, Isolation, Grown])[];
  /** Names of the isolations' chains that the last call brought something of. */
  grown(): readonly ChainName[];
}

/** Sets that rules named, or would have, a moment ago: the rules that come may name them again. */
interface Heritage {
  readonly used: readonly SetName[];
  readonly reserved: readonly SetName[];
}

interface Growing {
  readonly isolation: Isolation;
  /** Undefined until its turn comes. */
  parts: Parts | undefined;
  /** Stays until the parts are known, and what they need of it until they are complete. */
  heritage: Heritage;
}

interface Parts {
  readonly grown: Grown;
  /** What is still to come. */
  readonly sets: SetName[];
  readonly cameSets: Set<SetName>;
  /** Rules of the body that are there. */
  rules: number;
  /** The body as far as it is there. */
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

  /** Of all that was dropped in this update. */
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

  /** @returns whether all of them are there. One that is larger than all of the room goes alone. */
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

  /** @returns whether all of it is there */
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
        // Where the kernel has something already, that is adopted whatever it is part of.
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
