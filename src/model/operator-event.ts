import type { PolicyKey } from './policy-object.ts';

/** What an operator has to see: one Event of the API (events.k8s.io/v1), or the repetition of one. */
export interface OperatorEvent {
  /** The NetworkPolicy that it regards; the agent's own Node if that and the pod are absent. */
  readonly policy?: PolicyKey;
  /** The pod that it regards, in place of a policy. */
  readonly pod?: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly type: 'Normal' | 'Warning';
  /** Why, as programs read it: one word in CamelCase. */
  readonly reason: string;
  /** What was done or failed, as programs read it: one word in CamelCase. */
  readonly action: string;
  /** Why, as people read it. Two events that differ in it are two events. */
  readonly note: string;
}

/**
 * `posted`: a new Event. `repeated`: an Event's series goes on. `known`: another agent posted it. `dropped`: there was no
 * room, or the API server did not take it.
 */
export const EVENT_OUTCOMES = ['posted', 'repeated', 'known', 'dropped'] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** Takes events and never fails or waits. */
export interface EventSink {
  /** Something happened, once more if it is the same again. */
  tell(event: OperatorEvent): void;
  /**
   * What stands now of one topic, in place of what stood before: told when it begins, and now and then for as long as it
   * stands, since the API server forgets events after an hour.
   */
  stand(topic: string, events: readonly OperatorEvent[]): void;
}

/** Where no events are wanted, or nobody takes them. */
export const NO_EVENTS: EventSink = { tell: () => undefined, stand: () => undefined };
