import { type Clock, isoTime } from '../model/clock.ts';
import type { ReconcilerStatus } from '../reconcile/status.ts';
import type { SourceStatus } from '../cluster/source.ts';

type Times = Pick<Clock, 'now' | 'wall'>;

/** The loop in `/status`: times as ISO 8601. */
export const describeLoop = (clock: Times, status: ReconcilerStatus) => {
  const { heartbeatAt, waitingSince, ...rest } = status;
  return {
    ...rest,
    waitingSince: waitingSince === undefined ? undefined : isoTime(clock, waitingSince),
    heartbeatAt: isoTime(clock, heartbeatAt),
  };
};

/** The source of the cluster's state in `/status`, by kind: times as ISO 8601. */
export const describeSource = (clock: Times, status: SourceStatus) =>
  Object.fromEntries(
    Object.entries(status).map(([kind, { lastHeardAt, ...rest }]) => [
      kind,
      { ...rest, lastHeardAt: lastHeardAt === undefined ? undefined : isoTime(clock, lastHeardAt) },
    ]),
  );
