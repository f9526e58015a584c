import { ApiError } from './api-error.ts';
import { boundedBytes, MEBIBYTE } from './bounded-body.ts';
import { get } from './request.ts';
import type { Session } from './session.ts';
import { SilenceError, unlessSilent } from './silence.ts';

/** A path that an API server answers without any work (Kubernetes API health endpoints). */
const PATH = '/livez/ping';

const SERVER_ERROR = 500;

/**
 * Reports whether the API server answers anything within `answerWithin`. A refusal is an answer; a 5xx is not, since a proxy
 * before a dead server sends it.
 */
const isAnswering = async ({ connection, clock, timing }: Session, outer: AbortSignal): Promise<boolean> => {
  const patience = { first: timing.answerWithin, later: timing.answerWithin };
  try {
    await unlessSilent(clock, patience, outer, async (signal) => {
      const response = await get(connection, PATH, {}, 'application/json', signal);
      await boundedBytes(response, PATH, MEBIBYTE);
    });
    return true;
  } catch (error) {
    return error instanceof ApiError && error.code < SERVER_ERROR;
  }
};

/** Rounds ms to whole seconds. */
const inSeconds = (ms: number): number => Math.round(ms / 1000) * 1000;

/** A running doubt about a watch. */
export interface Doubt {
  /** Takes a message of the watch. */
  heard(): void;
  end(): void;
}

/**
 * Asks the API server a question whenever the watch was silent for `watchDoubt`: a server that accepts connections and
 * never answers is otherwise noticed only by the watch's timeout. Does nothing while the server answers.
 *
 * @param signal ends the question
 * @param giveUp called with the reason if there was no answer and no message meanwhile
 */
export const startDoubt = (session: Session, signal: AbortSignal, giveUp: (reason: SilenceError) => void): Doubt => {
  const { clock, timing } = session;
  let heardAt = clock.now();
  let askedAt = heardAt;
  let ended = false;
  let cancel = (): void => undefined;

  const ask = async (): Promise<void> => {
    askedAt = clock.now();
    const answers = await isAnswering(session, signal);
    if (ended) return;
    if (answers || heardAt > askedAt) schedule();
    else giveUp(new SilenceError(inSeconds(clock.now() - heardAt), ', and the API server answers no question'));
  };

  const schedule = (): void => {
    const silentFor = clock.now() - Math.max(heardAt, askedAt);
    cancel = clock.after(Math.max(0, timing.watchDoubt - silentFor), () => {
      if (clock.now() - heardAt < timing.watchDoubt) schedule();
      else void ask();
    });
  };

  schedule();
  return {
    heard() {
      heardAt = clock.now();
    },
    end() {
      ended = true;
      cancel();
    },
  };
};
