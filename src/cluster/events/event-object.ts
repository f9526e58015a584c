import { createHash } from 'node:crypto';
import type { OperatorEvent } from '../../model/operator-event.ts';
import { printable } from '../../model/printable.ts';
import { asObject } from '../raw.ts';
import { policyName, policyNamespace } from '../../model/policy-object.ts';

/** `metadata.name` of any object (RFC 1123 subdomain). */
const MAX_NAME = 253;
/** In bytes (core/validation/events.go). */
const MAX_NOTE = 1024;
const MAX_INSTANCE = 128;
/** Hexadecimal digits. Two events of an object whose digests collide are merged. */
const DIGEST = 16;

/** The total number of times that an event happened (EventSeries). */
export interface Repetition {
  readonly count: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

/** Formats a metav1.MicroTime, which needs exactly six digits of the second. */
const microTime = (wall: string): string => wall.replace(/\.(\d{3})Z$/, '.$1000Z');

/** Truncates text to at most `most` bytes without splitting a character. */
const cut = (text: string, most: number): string => {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  return `${bytes
    .subarray(0, most - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
};

const namespaceOf = ({ policy, pod }: OperatorEvent): string =>
  // Events of objects without a namespace live there (core/validation/events.go).
  pod?.namespace ?? (policy === undefined ? 'default' : policyNamespace(policy));

/**
 * Returns the same name for the same event, from every agent at any time. An agent that restarts continues the existing
 * event, and of several agents that report the same about a policy one succeeds.
 */
export const eventName = (event: OperatorEvent, node: string): string => {
  const { policy, pod, type, reason, action, note } = event;
  const object = pod?.name ?? (policy === undefined ? (event.node ?? node) : policyName(policy));
  const digest = createHash('sha256').update(JSON.stringify([pod?.uid ?? policy ?? null, type, reason, action, note]));
  const start = object.slice(0, MAX_NAME - DIGEST - 1).replace(/[-.]+$/, '');
  return `${start}.${digest.digest('hex').slice(0, DIGEST)}`;
};

export const eventsPath = (event: OperatorEvent): string =>
  `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespaceOf(event))}/events`;

export const eventPath = (event: OperatorEvent, node: string): string =>
  `${eventsPath(event)}/${encodeURIComponent(eventName(event, node))}`;

/** Returns a strategic merge patch with the count. */
export const seriesPatch = ({ count, lastAt }: Repetition): object => ({
  series: { count, lastObservedTime: microTime(lastAt) },
});

/** Returns the count that the API server has stored. */
export const countOf = (event: unknown): number => {
  const { count } = asObject(asObject(event)['series']);
  return typeof count === 'number' ? count : 1;
};

const regarding = ({ policy, pod, node: other }: OperatorEvent, node: string): object => {
  if (pod !== undefined) return { apiVersion: 'v1', kind: 'Pod', ...pod };
  if (policy !== undefined) {
    const [namespace, name] = [policyNamespace(policy), policyName(policy)];
    return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name };
  }
  // As the kubelet says it: `kubectl describe node` looks for events with the name of the node as uid.
  const name = other ?? node;
  return { apiVersion: 'v1', kind: 'Node', name, uid: name };
};

/**
 * @param node the reporter: an agent's node, or the controller's pod
 * @param firstAt time of the first occurrence, ISO 8601
 */
export const eventObject = (event: OperatorEvent, node: string, firstAt: string, repetition: Repetition): object => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { namespace: namespaceOf(event), name: eventName(event, node) },
  eventTime: microTime(firstAt),
  // A single occurrence is no series: its count is at least 2.
  ...(repetition.count > 1 ? seriesPatch(repetition) : {}),
  type: event.type,
  reason: event.reason,
  action: event.action,
  note: cut(printable(event.note), MAX_NOTE),
  regarding: regarding(event, node),
  reportingController: event.node === undefined ? 'portcullis.io/agent' : 'portcullis.io/controller',
  reportingInstance: node.slice(0, MAX_INSTANCE),
});
