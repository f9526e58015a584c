import type { EventSink } from '../model/operator-event.ts';
import type { PartName } from './part-names.ts';
import type { AgentMetrics } from './metrics.ts';
import type { Logger } from './logger.ts';

/** A part of the agent's enforcement that is not in force, while others may be. */
export interface PartNotInForce {
  readonly part: PartName;
  /** In one line. */
  readonly reason: string;
  /** The rules in force meanwhile. */
  readonly holds: string;
  /** Whether denied traffic may pass for more than a moment: then the agent is not ready. */
  readonly isOpen: boolean;
  /** Whether it has failed for some time, or was never in force. */
  readonly isLasting: boolean;
}

export const describePart = ({ part, reason, holds }: PartNotInForce): string =>
  `${part} is not in force (${holds}): ${reason}`;

/** Reports parts that are not in force as a metric, log lines and events, when they begin and end. */
export const createPartsObserver = (
  metrics: Pick<AgentMetrics, 'setPartsNotInForce'>,
  { log, events }: { readonly log: Pick<Logger, 'info' | 'warn'>; readonly events: EventSink },
): ((parts: readonly PartNotInForce[]) => void) => {
  let known: ReadonlySet<PartName> = new Set();
  let stood: ReadonlySet<PartName> = new Set();
  return (parts) => {
    const now = new Set(parts.map(({ part }) => part));
    if (now.symmetricDifference(known).size > 0) metrics.setPartsNotInForce(now);
    for (const { part, reason, holds } of parts) {
      if (!known.has(part)) log.warn('a part of policy is not in force; the others go on', { part, holds, reason });
    }
    for (const part of known.difference(now)) log.info('a part of policy is in force again', { part });
    known = now;
    const lasting = parts.filter(({ isLasting }) => isLasting);
    const standing = new Set(lasting.map(({ part }) => part));
    const over = stood.difference(standing);
    // The message of a failure differs between attempts, so there is one event for each part.
    if (over.size === 0 && standing.size === stood.size) return;
    stood = standing;
    events.stand(
      'parts',
      lasting.map((each) => ({
        type: 'Warning',
        reason: 'PartNotInForce',
        action: 'Program',
        note: `on this node ${describePart(each)}`,
      })),
    );
    for (const part of over) {
      events.tell({
        type: 'Normal',
        reason: 'PartInForce',
        action: 'Program',
        note: `on this node ${part} is in force again`,
      });
    }
  };
};
