import type { Direction } from '../../model/direction.ts';
import type { IpFamily } from '../../model/family.ts';
import { type Cidr, parseAddress } from '../../policy/cidr.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import type { Isolation } from '../../policy/node-policy.ts';
import { byText } from '../../policy/text-order.ts';
import { createDispatchTree, type DispatchEntry } from '../dispatch.ts';
import type { GateSets } from '../gate.ts';
import { HOOKS, hookChains } from '../hooks.ts';
import { compileIsolation, type DeniedLog } from '../isolation-chain.ts';
import type { ChainName, SetName } from '../names.ts';
import type { Chain, FamilyProgram } from '../node-program.ts';
import { addressesOf } from '../set-builder.ts';
import { type ChainChange, createFamilyChains } from './family-chains.ts';
import { createFamilyGate, type NodeGate } from './family-gate.ts';
import { createFamilySets, type SetsDelta } from './family-sets.ts';

/** What an update did to the program of a family. */
export interface FamilyDelta {
  readonly chains: ReadonlyMap<ChainName, ChainChange>;
  readonly sets: SetsDelta;
}

export interface FamilyCompiler {
  update(delta: PolicyDelta): FamilyDelta;
  /** Live. */
  program(): FamilyProgram;
}

/** Egress is judged before ingress: a packet that may not leave is not counted against its destination. */
const ORDER: readonly Direction[] = ['egress', 'ingress'];

interface Address {
  readonly text: string;
  readonly cidr: Cidr;
}

/** An isolation as the family has it. */
interface Judged {
  readonly isolation: Isolation;
  /** Of its pods, at least one. */
  readonly addresses: readonly Address[];
  /** Undefined where there is nothing to judge. */
  readonly chain: Chain | undefined;
  /** Those that the chain names. */
  readonly sets: ReadonlySet<SetName>;
}

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

/** What the dispatch tree depends on. */
const dispatchKey = (judged: Judged | undefined): string =>
  judged?.chain === undefined ? '' : [judged.chain.name, ...judged.addresses.map(({ text }) => text)].join(' ');

export const createFamilyCompiler = (
  family: IpFamily,
  log: DeniedLog | undefined,
  nodeGate?: NodeGate,
): FamilyCompiler => {
  const sets = createFamilySets(family);
  const gate = createFamilyGate(family, nodeGate, sets);
  let gateSets: GateSets | undefined;
  const chains = createFamilyChains();
  const judged = new Map<string, Judged>();
  const trees = { egress: createDispatchTree('egress'), ingress: createDispatchTree('ingress') };
  let hookSets = NO_SETS;
  let begun = false;

  const chainOf = (isolation: Isolation): Pick<Judged, 'chain' | 'sets'> => {
    const chain = compileIsolation(isolation, family, sets.builder, log);
    return { chain, sets: chain === undefined ? NO_SETS : setsNamedBy([chain]) };
  };

  const judge = (isolation: Isolation | undefined, before: Judged | undefined): Judged | undefined => {
    const addresses = isolation?.pods.flatMap((pod) => addressesOf(pod, family).flatMap(toAddress)) ?? [];
    if (isolation === undefined || addresses.length === 0) return undefined;
    const { chain, sets: named } = before?.isolation.rules === isolation.rules ? before : chainOf(isolation);
    return { isolation, addresses, chain, sets: named };
  };

  /** @returns whether the way to the chain is another now */
  const replace = (key: string, isolation: Isolation | undefined): boolean => {
    const before = judged.get(key);
    const now = judge(isolation, before);
    if (now === undefined) judged.delete(key);
    else judged.set(key, now);
    if (now?.chain !== before?.chain) {
      sets.use(now?.sets ?? NO_SETS);
      sets.unuse(before?.sets ?? NO_SETS);
    }
    return dispatchKey(now) !== dispatchKey(before);
  };

  /** Everything that leads to the chains of isolations. */
  const lead = (): void => {
    const entries: Record<Direction, DispatchEntry[]> = { egress: [], ingress: [] };
    const governed = new Set<string>();
    for (const { isolation, addresses, chain } of judged.values()) {
      if (chain === undefined) continue;
      for (const { text, cidr } of addresses) {
        governed.add(text);
        entries[isolation.direction].push({ address: cidr, chain: chain.name });
      }
    }
    const directions = ORDER.filter((direction) => entries[direction].length > 0);
    const hooks = hookChains(family, {
      directions,
      sets: governed.size === 0 ? undefined : { governed: sets.govern(governed), held: sets.hold() },
      gate: gateSets,
    });
    const named = setsNamedBy(hooks);
    sets.use(named);
    sets.unuse(hookSets);
    hookSets = named;
    chains.put('hooks', hooks);
    for (const direction of ORDER) {
      const tree = entries[direction].length === 0 ? [] : trees[direction](entries[direction]);
      chains.put(`${direction} tree`, tree);
    }
  };

  return {
    update(delta) {
      const isolations = [...delta.isolations].sort(([a], [b]) => byText(a, b));
      const moved = isolations.filter(([key, isolation]) => replace(key, isolation));
      const hadGate = gateSets !== undefined;
      gateSets = gate.update(delta);
      if (moved.length > 0 || !begun || hadGate !== (gateSets !== undefined)) lead();
      begun = true;
      // Behind those that lead to them, which is the order in which people read them.
      for (const [key] of isolations) {
        const chain = judged.get(key)?.chain;
        chains.put(key, chain === undefined ? [] : [chain]);
      }
      return { chains: chains.takeChanges(), sets: sets.settle(delta) };
    },
    program: () => ({ chains: chains.chains, sets: sets.sets, hooks: HOOKS }),
  };
};
