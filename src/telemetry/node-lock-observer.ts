import type { Clock } from '../model/clock.ts';
import type { EventSink } from '../model/operator-event.ts';
import type { Logger } from './logger.ts';

/** How the agent got its node; `shared` means without the lock, whose holder does not enforce policy. */
type Held = 'free' | 'taken over' | 'shared';

interface Told {
  readonly log: Logger;
  readonly events: EventSink;
  readonly clock: Clock;
}

/** During an upgrade the old agent may need time to end; an agent that waits longer is one too many. */
const UPGRADE_MS = 60_000;

interface NodeLockObserver {
  readonly onHeld: (how: Held) => void;
  readonly onWaiting: (holder: string) => void;
  readonly stop: () => void;
}

/** Logs which agent works on the node, and posts an event if two want to. */
export const createNodeLockObserver = ({ log, events, clock }: Told): NodeLockObserver => {
  let cancel: (() => void) | undefined;
  let hasStood = false;
  const told: Readonly<Record<Held, () => void>> = {
    free: () => undefined,
    'taken over': () => {
      log.info('the other agent has ended; this one takes over');
    },
    shared: () => {
      log.error('another process holds the node lock but does not enforce policy; continuing without the lock');
    },
  };
  return {
    onHeld(how) {
      told[how]();
      cancel?.();
      if (!hasStood) return;
      hasStood = false;
      events.stand('two agents', []);
      events.tell({
        type: 'Normal',
        reason: 'OneAgent',
        action: 'Wait',
        note: 'the other agent on this node has ended, and this one enforces policies',
      });
    },
    onWaiting(holder) {
      log.warn('another agent runs on this node; waiting until it ends', { holder });
      cancel?.();
      cancel = clock.after(UPGRADE_MS, () => {
        hasStood = true;
        events.stand('two agents', [
          {
            type: 'Warning',
            reason: 'TwoAgents',
            action: 'Wait',
            note: `two agents run on this node; ${holder} enforces policies, and this one waits until it ends`,
          },
        ]);
      });
    },
    stop: () => cancel?.(),
  };
};
