import type { OperatorEvent } from '../../model/operator-event.ts';

/** A reported event, and what the API server knows of it. */
export interface Told {
  readonly event: OperatorEvent;
  /** First and last occurrence that was not sent to the API server yet, ISO 8601. */
  firstAt: string;
  lastAt: string;
  /** Number of occurrences that the API server does not know of yet. */
  unsent: number;
  /** Number of occurrences that it knows of; undefined if it may have no such event, or one of another program. */
  sent: number | undefined;
  /** Failed attempts in a row. */
  failures: number;
  /** Clock.now() from which the event may be sent, in ms. */
  dueAt: number;
}

/** Reported events; those reported last are at the end. */
export interface ToldEvents {
  /** @returns false if there is no room */
  note(name: string, event: OperatorEvent, wall: string): boolean;
  /** Returns the event with something to send that is due first. */
  next(): readonly [name: string, told: Told] | undefined;
  forget(name: string): void;
  waiting(): number;
}

export const createToldEvents = (most: number): ToldEvents => {
  const all = new Map<string, Told>();

  const makeRoom = (): boolean => {
    if (all.size < most) return true;
    const [oldest] = [...all].find(([, { unsent }]) => unsent === 0) ?? [];
    return oldest !== undefined && all.delete(oldest);
  };

  const waiting = (): readonly (readonly [string, Told])[] => [...all].filter(([, { unsent }]) => unsent > 0);

  return {
    note(name, event, wall) {
      const known = all.get(name);
      if (known === undefined && !makeRoom()) return false;
      const told = known ?? { event, firstAt: wall, lastAt: wall, unsent: 0, sent: undefined, failures: 0, dueAt: 0 };
      if (told.unsent === 0) told.firstAt = wall;
      told.unsent += 1;
      told.lastAt = wall;
      all.delete(name);
      all.set(name, told);
      return true;
    },
    next: () =>
      waiting().reduce<readonly [string, Told] | undefined>(
        (first, each) => (first === undefined || each[1].dueAt < first[1].dueAt ? each : first),
        undefined,
      ),
    forget: (name) => all.delete(name),
    waiting: () => waiting().length,
  };
};
