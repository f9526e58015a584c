import { createEventRecorder, type EventRecorder } from '../cluster/events/event-recorder.ts';
import type { EventOutcome } from '../model/operator-event.ts';
import { findApiServer } from './connect.ts';
import type { AgentContext } from './context.ts';

/** Creates the sink that posts Events; undefined if Events are off. */
export const createEvents = (
  context: Omit<AgentContext, 'events'>,
  onOutcome: (outcome: EventOutcome) => void,
): EventRecorder | undefined => {
  const { config, clock, log } = context;
  const connect = findApiServer(context);
  if (connect === undefined || config.events === 'off') return undefined;
  return createEventRecorder({
    connect,
    node: config.nodeName,
    clock,
    random: Math.random,
    onOutcome,
    onTrouble(trouble) {
      if (trouble === undefined) log.info('posting events works again');
      else log.warn('cannot post events; the log has the same messages', { trouble });
    },
  });
};
