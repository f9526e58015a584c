import type { Clock } from '../../model/clock.ts';
import type { EventOutcome, EventSink, OperatorEvent } from '../../model/operator-event.ts';
import type { Connect } from '../api/connection.ts';
import { shareConnection } from '../api/shared-connection.ts';
import { patch, post } from '../api/write.ts';
import { countOf, eventObject, eventPath, eventsPath, seriesPatch } from './event-object.ts';
import { createEventWriter, type EventWriterStatus } from './event-writer.ts';
import { createStandingEvents } from './standing-events.ts';

/** Posts Events of the API for operators. */
export interface EventRecorder extends EventSink {
  status(): EventWriterStatus;
  stop(): Promise<void>;
}

export interface EventRecorderDeps {
  readonly connect: Connect;
  /** The agent's own node. */
  readonly node: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onOutcome: (outcome: EventOutcome) => void;
  readonly onTrouble: (trouble: string | undefined) => void;
}

const RIGHTS = 'create and patch on events in events.k8s.io';

export const createEventRecorder = (deps: EventRecorderDeps): EventRecorder => {
  const { node, clock } = deps;
  const connection = shareConnection(deps.connect);

  const change = (event: OperatorEvent, body: object, signal: AbortSignal): Promise<unknown> =>
    connection.use((current) => patch(current, { path: eventPath(event, node), body, rights: RIGHTS, signal }));

  const writer = createEventWriter({
    ...deps,
    requests: {
      async create(event, firstAt, repetition, signal) {
        const body = eventObject(event, node, firstAt, repetition);
        await connection.use((current) => post(current, { path: eventsPath(event), body, rights: RIGHTS, signal }));
      },
      // An empty patch returns the event, and needs no right to read.
      count: async (event, signal) => countOf(await change(event, {}, signal)),
      async repeat(event, repetition, signal) {
        await change(event, seriesPatch(repetition), signal);
      },
    },
  });
  const standing = createStandingEvents(clock, writer.add);

  return {
    tell: writer.add,
    stand: standing.stand,
    status: writer.status,
    async stop() {
      standing.stop();
      await writer.stop();
    },
  };
};
