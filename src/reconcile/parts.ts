import type { Clock } from '../model/clock.ts';
import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import { retryDelay } from './backoff.ts';
import type { Scope } from './kernel.ts';

/** The separate parts of the packet filter: a family's filter table with its sets, and its raw table. */
const PARTS = ['ipv4', 'ipv6', 'ipv4 sources', 'ipv6 sources'] as const;

export type Part = (typeof PARTS)[number];

/** The raw table of a family, which has only source validation. */
export const sourcesOf = (family: IpFamily): Part => `${family} sources`;

/** Returns the family of a part. */
export const familyOf = (part: Part): IpFamily => IP_FAMILIES.find((family) => part.startsWith(family)) ?? 'ipv4';

/** A part that is not in force. */
export interface PartFailure {
  readonly part: Part;
  /** Whether policies of the node's pods need it. */
  readonly isNeeded: boolean;
  /** One line. */
  readonly reason: string;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** The kernel's state of it: what this agent last applied, or what was there before its start. */
  readonly holds: 'older rules' | 'nothing of this agent';
}

/** Knows which parts are in force, and when the others are tried again. */
export interface Parts {
  /** Returns all parts that are not in force. */
  failing(): readonly PartFailure[];
  isFailing(part: Part): boolean;
  areAllInForce(): boolean;
  /** Returns the parts that work as usual. */
  scope(): Scope;
  /** Returns the parts to try again now. */
  due(): readonly Part[];
  /** Returns Clock.now(), in ms, at which one of them is due; undefined if all are in force. */
  dueAt(): number | undefined;
  /** Takes the fact that a part is being tried again. */
  trying(part: Part): void;
  failed(part: Part, reason: string): void;
  /** Takes the fact that a part is in force. */
  succeeded(part: Part): void;
}

interface Failing extends Omit<PartFailure, 'isNeeded'> {
  readonly retryAt: number;
}

/** @param isNeeded see PartFailure */
export const createParts = (families: readonly IpFamily[], clock: Clock, isNeeded: (part: Part) => boolean): Parts => {
  const failing = new Map<Part, Failing>();
  /** Parts that have been in force since the agent's start. */
  const proven = new Set<Part>();
  let scope: Scope = { families, raw: families };

  const settle = (): void => {
    const working = families.filter((family) => !failing.has(family));
    scope = { families: working, raw: working.filter((family) => !failing.has(sourcesOf(family))) };
  };

  /** Reports whether a part can be tried: source validation of a family only with the family's rules. */
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
