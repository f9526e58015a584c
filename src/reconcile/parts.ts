import type { Clock } from '../model/clock.ts';
import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import { retryDelay } from './backoff.ts';
import type { Scope } from './kernel.ts';

/** What of the packet filter stands and falls by itself: a family's filter table with its sets, and its raw table. */
const PARTS = ['ipv4', 'ipv6', 'ipv4 sources', 'ipv6 sources'] as const;

export type Part = (typeof PARTS)[number];

/** The raw table of a family, which holds the check of sources and nothing else. */
export const sourcesOf = (family: IpFamily): Part => `${family} sources`;

/** The family of a part. */
export const familyOf = (part: Part): IpFamily => IP_FAMILIES.find((family) => part.startsWith(family)) ?? 'ipv4';

/** A part that is not at what policy asks for. */
export interface PartFailure {
  readonly part: Part;
  /** Policies of the node's pods ask for something of it. */
  readonly isNeeded: boolean;
  /** In one line. */
  readonly reason: string;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** What the kernel holds of it: what this agent put there last, or what was there before it started. */
  readonly holds: 'older rules' | 'nothing of this agent';
}

/** Which parts are in force, and when the others are tried again. */
export interface Parts {
  /** All that are not in force. */
  failing(): readonly PartFailure[];
  isFailing(part: Part): boolean;
  areAllInForce(): boolean;
  /** What goes on as usual. */
  scope(): Scope;
  /** Those that are to be tried again now. */
  due(): readonly Part[];
  /** Clock.now() at which one of them is, ms; undefined where all are in force. */
  dueAt(): number | undefined;
  /** It is being tried again. */
  trying(part: Part): void;
  failed(part: Part, reason: string): void;
  /** It holds what policy asks for. */
  succeeded(part: Part): void;
}

interface Failing extends Omit<PartFailure, 'isNeeded'> {
  readonly retryAt: number;
}

/** @param isNeeded see PartFailure */
export const createParts = (families: readonly IpFamily[], clock: Clock, isNeeded: (part: Part) => boolean): Parts => {
  const failing = new Map<Part, Failing>();
  /** Were in force once, since the agent started. */
  const proven = new Set<Part>();
  let scope: Scope = { families, raw: families };

  const settle = (): void => {
    const working = families.filter((family) => !failing.has(family));
    scope = { families: working, raw: working.filter((family) => !failing.has(sourcesOf(family))) };
  };

  /** Without the family's rules nothing of its sources can be tried. */
  const canBeTried = ({ part }: Failing): boolean => part === familyOf(part) || !failing.has(familyOf(part));

  const waiting = (): readonly Failing[] => [...failing.values()].filter(canBeTried);

  return {
    failing: () =>
      PARTS.flatMap((part) => failing.get(part) ?? []).map(({ part, reason, failures, holds }) => ({
        part,
        isNeeded: isNeeded(part),
        reason,
        failures,
        holds,
      })),
    isFailing: (part) => failing.has(part),
    areAllInForce: () => failing.size === 0,
    scope: () => scope,
    due: () =>
      waiting()
        .filter(({ retryAt }) => retryAt <= clock.now())
        .map(({ part }) => part),
    dueAt() {
      const times = waiting().map(({ retryAt }) => retryAt);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    trying(part) {
      const known = failing.get(part);
      if (known !== undefined) failing.set(part, { ...known, retryAt: Number.POSITIVE_INFINITY });
    },
    failed(part, reason) {
      const failures = (failing.get(part)?.failures ?? 0) + 1;
      const holds = proven.has(part) ? 'older rules' : 'nothing of this agent';
      failing.set(part, { part, reason, failures, holds, retryAt: clock.now() + retryDelay(failures) });
      settle();
    },
    succeeded(part) {
      proven.add(part);
      if (failing.delete(part)) settle();
    },
  };
};
