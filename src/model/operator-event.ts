import type { PolicyKey } from './policy-object.ts';

/** A message to operators: an Event of the API (events.k8s.io/v1), or its repetition. */
export interface OperatorEvent {
  /** The NetworkPolicy that it regards; the agent's own Node if that and the pod are absent. */
  readonly policy?: PolicyKey;
  /** The pod that it regards, in place of a policy. */
  readonly pod?: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Name of another Node that it regards, in place of a policy; only the controller reports about others. */
  readonly node?: string;
  readonly type: 'Normal' | 'Warning';
  /** The machine-readable reason: one word in CamelCase. */
  readonly reason: string;
  /** The machine-readable action that was done or failed: one word in CamelCase. */
  readonly action: string;
  /** The reason for people. Two events that differ in it are separate events. */
  readonly note: string;
}

/**
 * `posted`: a new Event. `repeated`: an Event's series was extended. `known`: another agent has posted it. `dropped`:
 * there was no room, or the API server refused it.
 */
export const EVENT_OUTCOMES = ['posted', 'repeated', 'known', 'dropped'] as const;
export type EventOutcome = (typeof EVENT_OUTCOMES)[number];

/** Takes events. Never fails or waits. */
export interface EventSink {
  /** Reports an event; an equal one counts as a repetition. */
  tell(event: OperatorEvent): void;
  /**
   * Sets the lasting events of a topic, and replaces its former ones. They are reported when they begin, and repeated
   * while they last, since the API server forgets events after an hour.
   */
  stand(topic: string, events: readonly OperatorEvent[]): void;
}

/** Ignores all events. */
export const NO_EVENTS: EventSink = { tell: () => undefined, stand: () => undefined };
