import type { ChainName } from '../names.ts';
import type { Chain, Rule } from '../node-program.ts';

/** A chain that was added, changed or removed. */
export interface ChainChange {
  readonly before: Chain | undefined;
  readonly after: Chain | undefined;
}

/** The chains of one family, in pieces that are replaced as a whole. */
export interface FamilyChains {
  /** Live. */
  readonly chains: ReadonlyMap<ChainName, Chain>;
  /** Replaces the chains of a piece; equal chains make no change. */
  put(piece: string, chains: readonly Chain[]): void;
  /** Returns the changes since the last call. */
  takeChanges(): ReadonlyMap<ChainName, ChainChange>;
}

/** Compares rules by identity first: most rules of a changed chain are the same objects as before. */
const sameRule = (a: Rule, b: Rule | undefined): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

const sameChain = (a: Chain, b: Chain): boolean =>
  a === b || (a.rules.length === b.rules.length && a.rules.every((rule, at) => sameRule(rule, b.rules[at])));

export const createFamilyChains = (): FamilyChains => {
  const chains = new Map<ChainName, Chain>();
  const pieces = new Map<string, readonly Chain[]>();
  let before = new Map<ChainName, Chain | undefined>();

  const replace = (name: ChainName, chain: Chain | undefined): void => {
    const known = chains.get(name);
    if (chain !== undefined && known !== undefined && sameChain(known, chain)) return;
    if (!before.has(name)) before.set(name, known);
    if (chain === undefined) chains.delete(name);
    else chains.set(name, chain);
  };

  return {
    chains,
    put(piece, next) {
      const names = new Set(next.map(({ name }) => name));
      for (const { name } of pieces.get(piece) ?? []) if (!names.has(name)) replace(name, undefined);
      for (const chain of next) replace(chain.name, chain);
      if (next.length === 0) pieces.delete(piece);
      else pieces.set(piece, next);
    },
    takeChanges() {
      const changes = new Map<ChainName, ChainChange>();
      for (const [name, old] of before) {
        const after = chains.get(name);
        const isSame = old === after || (old !== undefined && after !== undefined && sameChain(old, after));
        if (!isSame) changes.set(name, { before: old, after });
      }
      before = new Map();
      return changes;
    },
  };
};
