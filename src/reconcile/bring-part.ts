import type { IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Observed } from '../render/observed.ts';
import { type Plan, planChanges, rawAlone } from '../render/plan.ts';
import { findTampering } from '../render/tampering.ts';
import { isPlaceAlone } from './contest.ts';
import type { Kernel, Scope } from './kernel.ts';
import { familyOf, type Part } from './parts.ts';

/** Returns the number of lines by which the kernel differs; a stale set changes no verdict and does not count. */
export const distance = (plan: Plan): number => plan.size - plan.destroy.length;

/** Returns the rule set with the raw tables of these families only; the same object if it has none. */
export const withRawOf = (program: NodeProgram, families: readonly IpFamily[]): NodeProgram => {
  const of = (family: IpFamily): NodeProgram[IpFamily] =>
    families.includes(family) || program[family].raw === undefined
      ? program[family]
      : { ...program[family], raw: undefined };
  const [ipv4, ipv6] = [of('ipv4'), of('ipv6')];
  return ipv4 === program.ipv4 && ipv6 === program.ipv6 ? program : { ipv4, ipv6 };
};

/** Returns the state of one family without its raw table. */
export const ofFamily = ({ tables, sets }: Observed, family: IpFamily): Observed => {
  const table = tables[family];
  return {
    tables: table === undefined ? {} : { [family]: table },
    sets: new Map([...sets].filter(([, set]) => set.family === family)),
  };
};

const isSources = (part: Part): boolean => part !== familyOf(part);

const scopeOf = (part: Part): Scope => {
  const family = familyOf(part);
  return { families: [family], raw: isSources(part) ? [family] : [] };
};

interface BringDeps {
  readonly kernel: Kernel;
  /** Returns the newest rule set; undefined while nothing is compiled. */
  readonly program: () => NodeProgram | undefined;
  /** Called when the part has the rule set, in the same turn as the comparison. */
  readonly onHeld: () => void;
}

/** Maximum rounds of writing and reading back: other programs write as well, and policies change. */
const ROUNDS = 4;

/**
 * Brings one part of the kernel to the newest rule set.
 * @param seen its state as just read
 * @returns the number of written lines. @throws if it cannot be read or written, or differs afterwards
 */
export const bringPart = async (
  part: Part,
  { kernel, program, onHeld }: BringDeps,
  seen?: Observed,
): Promise<number> => {
  let lines = 0;
  let sample = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    const observed = (round === 0 ? seen : undefined) ?? (await kernel.observe(scopeOf(part)));
    const now = program();
    if (now === undefined) throw new Error('nothing is compiled yet');
    const family = familyOf(part);
    const wanted = isSources(part) ? now : withRawOf(now, []);
    const whole = planChanges(isSources(part) ? observed : ofFamily(observed, family), wanted);
    const plan = isSources(part) ? rawAlone(whole, family) : whole;
    if (distance(plan) === 0 || (round > 0 && isPlaceAlone(findTampering(observed, wanted)))) {
      // Stale sets are left for the next full comparison, since changes may need them again from here on.
      onHeld();
      return lines;
    }
    sample = [plan.prepare, ...Object.values(plan.tables), ...Object.values(plan.raw ?? {}), plan.finish]
      .join('')
      .split('\n')
      .slice(0, 6)
      .join(' | ');
    lines += plan.size;
    await kernel.apply(plan);
  }
  throw new Error(`read-back differs from what was written; missing: ${sample}`);
};
