import { createLogger as createWinston, format, transports } from 'winston';
import type { LogFormat, LogLevel } from '../config/config.ts';
import { printableJson } from '../model/printable.ts';
import { bounded } from './bounded.ts';
import { createRate, type RateLimits } from './rate.ts';
import { formatTextLine } from './text-line.ts';

/** What stands beside a message: plain data. An Error among it is logged with its message and stack. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the agent tells what it does. A message is one sentence without data; the data is in the fields. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly format: LogFormat;
  /** The least that is written. */
  readonly level: LogLevel;
  /** Standard error if absent, so that standard output stays free for results. */
  readonly stream?: NodeJS.WritableStream;
  /** Monotonic milliseconds, by which lines are counted; the process' own if absent. */
  readonly now?: () => number;
}

/**
 * Lines of each level: errors are not silenced by a flood of warnings, which people who write policies can cause. A node
 * that starts up, or loses the API server, writes far fewer.
 */
const LIMITS: RateLimits = { burst: 200, perSecond: 20 };

const boundedFields = (fields: LogFields): LogFields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, bounded(value)]));

const MESSAGE = Symbol.for('message');

const withoutControls = format((entry) => Object.assign(entry, { [MESSAGE]: printableJson(String(entry[MESSAGE])) }));

const jsonLine = format.combine(format.timestamp(), format.json(), withoutControls());

const textLine = format.combine(format.timestamp(), format.printf(formatTextLine));

/**
 * Fields are kept below their own key, so that none of them can pass for the level, the message or the time. Values are
 * cut, and so is the number of lines; how many were left out is told with the next one.
 */
export const createLogger = ({
  format: name,
  level,
  stream = process.stderr,
  now = () => performance.now(),
}: LoggerOptions): Logger => {
  const winston = createWinston({
    level,
    format: name === 'json' ? jsonLine : textLine,
    transports: [new transports.Stream({ stream })],
  });
  const write = (at: LogLevel): Logger[LogLevel] => {
    const rate = createRate(LIMITS, now);
    return (message, fields) => {
      if (!winston.isLevelEnabled(at)) return;
      const passed = rate.take();
      if (passed === undefined) return;
      const { turnedAway } = passed;
      if (turnedAway > 0)
        winston.log({ level: at, message: 'log lines dropped by rate limiting', fields: { lines: turnedAway } });
      winston.log({ level: at, message, ...(fields === undefined ? {} : { fields: boundedFields(fields) }) });
    };
  };
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };
};
