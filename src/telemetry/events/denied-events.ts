import type { Clock } from '../../model/clock.ts';
import type { EventSink } from '../../model/operator-event.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { describeEnd, type End, namespaceOf } from '../../records/end.ts';
import { describeRule, describeService, type FlowRecord } from '../../records/record.ts';
import { createRate } from '../rate.ts';

interface DeniedEventsParts {
  readonly events: EventSink;
  readonly clock: Clock;
  readonly podsAt: (address: string) => readonly PodEndpoint[];
}

/** Minimum time between two events of a pod. */
const EVERY_MS = 600_000;
/** Maximum number of remembered pods; others get no event. */
const MOST_PODS = 4096;
/** Of the node. */
const RATE = { burst: 1, perSecond: 1 };

/** The far end as its namespace may know it: of a pod of another one no more than that it is one. */
const farEnd = (end: End, namespace: string, at: number): string => {
  if (end.kind === 'former') return `${end.address} (no pod's any more)`;
  const other = namespaceOf(end);
  return other === undefined || other === namespace ? describeEnd(end, at) : 'a pod of another namespace';
};

/**
 * Posts refused connections on the pod whose policies refused them: up to one event a pod in ten minutes, one a second of the
 * node.
 */
export const createDeniedEvents = ({ events, clock, podsAt }: DeniedEventsParts): ((record: FlowRecord) => void) => {
  const told = new Map<string, number>();
  const rate = createRate(RATE, clock.now);

  const mayTell = (uid: string): boolean => {
    const now = clock.now();
    if (now - (told.get(uid) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return false;
    if (told.size >= MOST_PODS) for (const [each, at] of told) if (now - at >= EVERY_MS) told.delete(each);
    if (told.size >= MOST_PODS || rate.take() === undefined) return false;
    told.set(uid, now);
    return true;
  };

  return (record) => {
    const { direction, source, destination, policies, rule, at } = record;
    if (direction === undefined || record.verdict !== 'denied') return;
    const [own, far] = direction === 'egress' ? [source, destination] : [destination, source];
    const pod = podsAt(own.address)[0];
    if (own.kind !== 'pod' || pod === undefined || !mayTell(pod.uid)) return;
    const isOther = far.kind === 'pod' && far.namespace !== own.namespace;
    const nearest = isOther ? rule : describeRule(record);
    const other = farEnd(far, own.namespace, Date.parse(at));
    events.tell({
      pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
      type: 'Warning',
      reason: 'Denied',
      action: direction === 'egress' ? 'Send' : 'Receive',
      note: [
        `${describeService(record)} ${direction === 'egress' ? 'to' : 'from'} ${other} was refused`,
        ...(policies.length === 0 ? [] : [`${direction} is isolated by ${policies.join(', ')}`]),
        ...(nearest === undefined ? [] : [`nearest: ${nearest}`]),
      ].join('; '),
    });
  };
};
