import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import type { RefusedChains } from '../program/incremental/program-compiler.ts';
import { type ChainName, isIsolationChain, isBodyChain, markerSet, type SetName, spareSet } from '../program/names.ts';
import type { Chain, FamilyProgram, NodeProgram } from '../program/node-program.ts';
import type { Observed } from '../render/observed.ts';
import { desiredSets, EMPTY_PLAN, type Plan } from '../render/plan.ts';
import { compareSets } from '../render/plan-sets.ts';
import { compareTable, tryOutText } from '../render/plan-table.ts';
import type { Kernel } from './kernel.ts';
import type { Clock } from '../model/clock.ts';
import type { NodeCompiler } from './node-compiler.ts';

type Reasons<K> = ReadonlyMap<K, string>;

/** Reports whether a tool of the kernel refused, as opposed to one that hung, died or was missing. */
const isRefusal = (error: unknown): error is Error & { readonly exitCode: number } =>
  error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number';

/** Reports whether a tool was killed because it took too long. */
export const isTimeout = (error: unknown): error is Error =>
  error instanceof Error && 'timedOut' in error && error.timedOut === true;

/** Finds the rejected units by bisecting: `attempt` takes all or none, or throws the rejection. */
const bisect = async <T>(units: readonly T[], attempt: (units: readonly T[]) => Promise<void>): Promise<Reasons<T>> => {
  if (units.length === 0) return new Map();
  try {
    await attempt(units);
    return new Map();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [only] = units;
    if (units.length === 1 && only !== undefined) return new Map([[only, error.message]]);
    const middle = units.length >> 1;
    const first = await bisect(units.slice(0, middle), attempt);
    return new Map([...first, ...(await bisect(units.slice(middle), attempt))]);
  }
};

/** Groups lines by their set; lines about a spare set belong to the set that it replaces. */
const bySet = (lines: readonly string[], sets: Iterable<SetName>): ReadonlyMap<string, readonly string[]> => {
  const spares = new Map<string, SetName>([...sets].map((name) => [spareSet(name), name]));
  return Map.groupBy(lines, (line) => {
    const [, name = ''] = line.split(' ');
    return spares.get(name) ?? name;
  });
};

const namesSet = ({ rules }: Chain, sets: Reasons<string>): string | undefined => {
  for (const { matches } of rules) {
    for (const match of matches) if (match.kind === 'set' && sets.has(match.set)) return sets.get(match.set);
  }
  return undefined;
};

/** Returns the isolation's chain of each body; see withBody. */
const ownersOf = ({ chains }: FamilyProgram): ReadonlyMap<ChainName, ChainName> => {
  const owners = new Map<ChainName, ChainName>();
  for (const first of chains.values()) {
    if (!isIsolationChain(first.name)) continue;
    const verdict = first.rules.at(-1)?.verdict;
    if (verdict?.kind === 'goto') owners.set(verdict.chain, first.name);
  }
  return owners;
};

/** Returns the chains to change among those that judge pods. */
const candidatesOf = (observed: Observed, program: NodeProgram, family: IpFamily): readonly Chain[] => {
  const seen = observed.tables[family];
  if (seen === undefined) return [];
  const { fresh, changed } = compareTable(seen, program[family]);
  return [...fresh, ...changed].filter(({ name }) => isIsolationChain(name) || isBodyChain(name));
};

/**
 * Finds the isolations that the kernel rejects, after it rejected a change as a whole: creates or tightens each set,
 * where order does not matter, and loads each chain where no packet can reach it. The only verdicts that change are the
 * change's own tighter ones. Finds nothing if the kernel also rejects what cannot be to blame.
 *
 * @throws errors other than rejections
 */
const findRefused = async (kernel: Kernel, observed: Observed, program: NodeProgram): Promise<RefusedChains> => {
  const attempt = (steps: Partial<Plan>): Promise<void> => kernel.apply({ ...EMPTY_PLAN, ...steps });
  const attemptLines = (units: readonly (readonly string[])[]): Promise<void> =>
    attempt({ prepare: units.flatMap((lines) => lines.map((line) => `${line}\n`)).join('') });
  const attemptChains = (family: IpFamily, chains: readonly Chain[]): Promise<void> =>
    attempt({ tables: { [family]: tryOutText(chains) } });

  /** Applies something that any working kernel accepts. @throws if this one does not */
  const control = async (): Promise<void> => {
    await attemptLines([[`destroy ${markerSet('control')}`]]);
    const trial: Chain = { name: 'control' as ChainName, rules: [{ matches: [], verdict: { kind: 'drop' } }] };
    for (const family of kernel.families) await attemptChains(family, [trial]);
  };

  const refusedSets = async (): Promise<Reasons<string>> => {
    const desired = desiredSets(observed, program);
    const { create, tighten, loosen } = compareSets(observed.sets, desired);
    const units = bySet([...create, ...tighten], desired.keys());
    const reasons = new Map<string, string>();
    const find = async (of: ReadonlyMap<string, readonly string[]>): Promise<void> => {
      const names = [...of.keys()].filter((name) => !reasons.has(name));
      const found = await bisect(names, (some) => attemptLines(some.map((name) => of.get(name) ?? [])));
      for (const [name, reason] of found) reasons.set(name, reason);
    };
    await find(units);
    // Loosening changes are due only once the new rules are in force.
    const rulesDiffer = kernel.families.some((family) => {
      const seen = observed.tables[family];
      return seen !== undefined && Object.values(compareTable(seen, program[family])).some(({ length }) => length > 0);
    });
    if (!rulesDiffer) await find(bySet(loosen, desired.keys()));
    return reasons;
  };

  const refusedChains = async (family: IpFamily, sets: Reasons<string>): Promise<Reasons<ChainName>> => {
    const reasons = new Map<ChainName, string>();
    const owners = ownersOf(program[family]);
    const ownerOf = (name: ChainName): ChainName => owners.get(name) ?? name;
    for (const chain of program[family].chains.values()) {
      const reason = namesSet(chain, sets);
      if (reason !== undefined && isIsolationChain(ownerOf(chain.name))) reasons.set(ownerOf(chain.name), reason);
    }
    // In a trial, a rule that leads to a body has no target, which is no reason for a rejection.
    const units = candidatesOf(observed, program, family)
      .filter(({ name }) => !reasons.has(ownerOf(name)))
      .map((chain) => ({ ...chain, rules: chain.rules.filter(({ verdict }) => verdict.kind !== 'goto') }));
    for (const [{ name }, reason] of await bisect(units, (some) => attemptChains(family, some))) {
      reasons.set(ownerOf(name), reason);
    }
    return reasons;
  };

  await control();
  const sets = await refusedSets();
  const refused = { ipv4: new Map(), ipv6: new Map() } as Record<IpFamily, Reasons<ChainName>>;
  for (const family of IP_FAMILIES) {
    if (observed.tables[family] !== undefined) refused[family] = await refusedChains(family, sets);
  }
  // Otherwise the kernel just accepted nothing for a while.
  await control();
  return refused;
};

/** A change that the kernel rejects this many times is not tried as a whole again: the first time may have been chance. */
const REFUSALS = 2;
/** A closed isolation is tried again after this wait, which doubles with each further rejection. */
const FIRST_REOPEN_MS = 30_000;
const LONGEST_REOPEN_MS = 600_000;

/** Keeps rejected rules from delaying everything else: the pods concerned are closed, the others go on. */
interface Narrowing {
  /** Opens isolations that were closed long enough ago; called before a compilation. @returns whether there were any */
  before(compiler: NodeCompiler): boolean;
  /** Takes the fact that the kernel has the compiled rule set. */
  succeeded(): void;
  /**
   * Closes the isolations to blame, if there are any, after the kernel rejected a change or another failure. Portions
   * of large isolations went by themselves, so that no trial is needed to blame them. Never rejects.
   * @param families the families that failed, all if absent
   * @returns whether something was closed, so that another compilation is due
   */
  failed(error: unknown, compiler: NodeCompiler, families?: readonly IpFamily[]): Promise<boolean>;
}

export const createNarrowing = (kernel: Kernel, clock: Clock): Narrowing => {
  let refusals = 0;
  let pause = FIRST_REOPEN_MS;
  /** Time of the next try; undefined while nothing is closed. */
  let reopenAt: number | undefined;

  const putOff = (): void => {
    reopenAt = clock.now() + pause;
    pause = Math.min(LONGEST_REOPEN_MS, 2 * pause);
    refusals = 0;
  };

  const close = async (compiler: NodeCompiler, families: readonly IpFamily[]): Promise<boolean> => {
    const isAll = families.length === kernel.families.length;
    const observed = await kernel.observe(isAll ? undefined : { families, raw: [] });
    const refused = await findRefused({ ...kernel, families }, observed, compiler.program());
    if (refused.ipv4.size + refused.ipv6.size === 0) return false;
    compiler.close(refused);
    putOff();
    return true;
  };

  const closeGrown = (compiler: NodeCompiler, reason: string): boolean => {
    const grown = compiler.grown();
    const reasons = (family: IpFamily) => new Map(grown[family].map((name) => [name, reason] as const));
    if (grown.ipv4.length + grown.ipv6.length === 0) return false;
    compiler.close({ ipv4: reasons('ipv4'), ipv6: reasons('ipv6') });
    putOff();
    return true;
  };

  return {
    before(compiler) {
      if (reopenAt === undefined || clock.now() < reopenAt) return false;
      reopenAt = undefined;
      compiler.open();
      // The rejection is known, so one more is enough.
      refusals = REFUSALS - 1;
      return true;
    },
    succeeded() {
      refusals = 0;
      if (reopenAt === undefined) pause = FIRST_REOPEN_MS;
    },
    async failed(error, compiler, families = kernel.families) {
      if ((isRefusal(error) || isTimeout(error)) && closeGrown(compiler, error.message)) return true;
      if (!isRefusal(error)) return false;
      refusals += 1;
      // Such a failure concerns everything, and is tried again as a whole.
      return refusals >= REFUSALS && (await close(compiler, families).catch(() => false));
    },
  };
};
