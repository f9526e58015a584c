import type { Logger } from './logger.ts';

/** How an agent came to work on its node; `shared`: somebody has the name to lock it by who does no agent's work. */
type Held = 'free' | 'taken over' | 'shared';

/** Tells in the log who works on the node. */
export const createNodeLockObserver = (
  log: Logger,
): { readonly onHeld: (how: Held) => void; readonly onWaiting: (holder: string) => void } => {
  const told: Readonly<Record<Held, () => void>> = {
    free: () => undefined,
    'taken over': () => {
      log.info('the other agent has ended; this one takes its place');
    },
    shared: () => {
      log.error('something that does no agent’s work has the name that agents lock the node by; going on without it');
    },
  };
  return {
    onHeld(how) {
      told[how]();
    },
    onWaiting(holder) {
      log.warn('another agent works on this node; waiting for its end', { holder });
    },
  };
};
