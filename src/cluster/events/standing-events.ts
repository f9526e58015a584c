import type { Clock } from '../../model/clock.ts';
import type { OperatorEvent } from '../../model/operator-event.ts';

/** Keeps the events of lasting conditions, and repeats them while they last; see EventSink. */
export interface StandingEvents {
  stand(topic: string, events: readonly OperatorEvent[]): void;
  stop(): void;
}

/** Twice within the hour for which the API server keeps an event (kube-apiserver --event-ttl). */
const AGAIN_MS = 1_800_000;
/** Maximum per topic; the log and the metrics have the rest. */
const MOST = 20;

export const createStandingEvents = (clock: Clock, tell: (event: OperatorEvent) => void): StandingEvents => {
  const topics = new Map<string, ReadonlyMap<string, OperatorEvent>>();

  const tellAgain = (): (() => void) =>
    clock.after(AGAIN_MS, () => {
      for (const events of topics.values()) for (const event of events.values()) tell(event);
      cancel = tellAgain();
    });
  let cancel = tellAgain();

  return {
    stand(topic, events) {
      const before = topics.get(topic);
      const now = new Map(events.slice(0, MOST).map((event) => [JSON.stringify(event), event]));
      topics.set(topic, now);
      for (const [key, event] of now) if (before?.has(key) !== true) tell(event);
    },
    stop() {
      cancel();
    },
  };
};
