import { describeEnd } from './end.ts';
import { describeFault, describeRule, describeService, edgeKey, type FlowRecord } from './record.ts';

/** The log line of an edge. */
export interface LogLine {
  readonly record: FlowRecord;
  /** Reports of it since the last line, this one included. */
  readonly reports: number;
}

/** Logs each edge up to once a minute. */
export interface LogLines {
  /** @returns undefined if the edge was logged within the last minute. @param now ms, monotonic */
  take(record: FlowRecord, now: number): LogLine | undefined;
}

const EVERY_MS = 60_000;
/** Maximum number of remembered edges; others are not logged until the minute is over. */
const MOST = 10_000;

export const createLogLines = (): LogLines => {
  const told = new Map<string, { at: number; since: number }>();
  let sweptAt = 0;
  const sweep = (now: number): void => {
    if (now - sweptAt < EVERY_MS) return;
    sweptAt = now;
    for (const [key, { at, since }] of told) if (now - at >= EVERY_MS && since === 0) told.delete(key);
  };
  return {
    take(record, now) {
      sweep(now);
      const key = edgeKey(record);
      const known = told.get(key);
      if (known !== undefined && now - known.at < EVERY_MS) {
        known.since += 1;
        return undefined;
      }
      if (known === undefined && told.size >= MOST) return undefined;
      told.set(key, { at: now, since: 0 });
      return { record, reports: (known?.since ?? 0) + 1 };
    },
  };
};

/** The fields of the line. */
export const logFields = ({ record, reports }: LogLine): Readonly<Record<string, unknown>> => {
  const { at, source, destination, direction, reason, policies, service } = record;
  const when = Date.parse(at);
  const rule = describeRule(record);
  const fault = describeFault(record);
  return {
    from: describeEnd(source, when),
    to: describeEnd(destination, when),
    ...(service === undefined ? {} : { service }),
    port: describeService(record),
    ...(direction === undefined ? {} : { direction }),
    reason,
    ...(policies.length === 0 ? {} : { policies }),
    ...(rule === undefined ? {} : { nearest: rule }),
    ...(fault === undefined ? {} : { because: fault }),
    ...(reports === 1 ? {} : { reports }),
  };
};
