import type { PolicyKey } from '../../model/policy-object.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { EventFact } from '../../page/entries.ts';

/** Notes what changes, for the time line. */
export interface EventLog {
  /** Compares with the snapshot before, and notes policies that came, changed or went. */
  note(snapshot: ClusterSnapshot): void;
  /** @param at when it happened, in ms since the epoch; now if absent */
  add(what: EventFact['what'], text: string, at?: number): void;
  events(): readonly EventFact[];
}

const MAX_EVENTS = 1_000;

/** @param now in ms since the epoch */
export const createEventLog = (now: () => number): EventLog => {
  let before: ReadonlyMap<PolicyKey, string> | undefined;
  let number = 0;
  let kept: readonly EventFact[] = [];
  const add = (what: EventFact['what'], text: string, at = now()): void => {
    number += 1;
    kept = [...kept, { kind: 'event' as const, number, at, what, text }].slice(-MAX_EVENTS);
  };
  return {
    note({ policies }) {
      const after = new Map([...policies].map(([key, { spec }]) => [key, JSON.stringify([spec])]));
      if (before !== undefined) {
        for (const [key, text] of after) {
          const old = before.get(key);
          if (old !== text) add('policy', `policy ${key} ${old === undefined ? 'created' : 'changed'}`);
        }
        for (const key of before.keys()) if (!after.has(key)) add('policy', `policy ${key} deleted`);
      }
      before = after;
    },
    add,
    events: () => kept,
  };
};
