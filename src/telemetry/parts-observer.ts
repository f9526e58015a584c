import type { EventSink } from '../model/operator-event.ts';
import type { PartName } from './part-names.ts';
import type { AgentMetrics } from './metrics.ts';
import type { Logger } from './logger.ts';

/** A part of what the agent does for policy that is not in force, while others may be. */
export interface PartNotInForce {
  readonly part: PartName;
  /** In one line. */
  readonly reason: string;
  /** What holds meanwhile. */
  readonly holds: string;
  /** What policy denies may pass, and it is no matter of a moment: the agent is not ready. */
  readonly isOpen: boolean;
  /** It has failed for some time, or never was in force. */
  readonly isLasting: boolean;
}

export const describePart = ({ part, reason, holds }: PartNotInForce): string =>
  `${part} is not in force (${holds}): ${reason}`;

/** Turns what is not in force into a metric, log lines and events, each when it begins and when it ends. */
export const createPartsObserver = (
  metrics: Pick<AgentMetrics, 'setPartsNotInForce'>,
  { log, events }: { readonly log: Pick<Logger, 'info' | 'warn'>; readonly events: EventSink },
): ((parts: readonly PartNotInForce[]) => void) => {
  let known: ReadonlySet<PartName> = new Set();
  let stood = '';
  return (parts) => {
    const now = new Set(parts.map(({ part }) => part));
    if (now.symmetricDifference(known).size > 0) metrics.setPartsNotInForce(now);
    for (const { part, reason, holds } of parts) {
      if (!known.has(part)) log.warn('a part of policy is not in force; the others go on', { part, holds, reason });
    }
    for (const part of known.difference(now)) log.info('a part of policy is in force again', { part });
    known = now;
    const lasting = parts.filter(({ isLasting }) => isLasting);
    const topics = lasting.map(({ part }) => part).join();
    // Words of a failure differ from one attempt to the next: one event for each part will do.
    if (topics === stood) return;
    stood = topics;
    events.stand(
      'parts',
      lasting.map((each) => ({
        type: 'Warning',
        reason: 'PartNotInForce',
        action: 'Program',
        note: `on this node ${describePart(each)}`,
      })),
    );
  };
};
