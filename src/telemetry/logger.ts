import { createLogger as createWinston, format, transports } from 'winston';
import type { LogFormat, LogLevel } from '../config/config.ts';
import { printableJson } from '../model/printable.ts';
import { bounded } from './bounded.ts';
import { createRate, type RateLimits } from './rate.ts';
import { formatTextLine } from './text-line.ts';

/** The fields of a message: plain data. An Error in them is logged with its message and stack. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The agent's log. A message is one sentence without data; the fields have the data. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly format: LogFormat;
  /** The lowest level that is written. */
  readonly level: LogLevel;
  /** Standard error if absent, so that standard output has only results. */
  readonly stream?: NodeJS.WritableStream;
  /** Returns monotonic milliseconds, for the rate limit; the process' own if absent. */
  readonly now?: () => number;
}

/**
 * Limits of each level's lines: a flood of warnings, which people who write policies can cause, suppresses no errors. A node
 * that starts, or loses the API server, writes far fewer lines.
 */
const LIMITS: RateLimits = { burst: 200, perSecond: 20 };

const boundedFields = (fields: LogFields): LogFields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, bounded(value)]));

const MESSAGE = Symbol.for('message');

const withoutControls = format((entry) => Object.assign(entry, { [MESSAGE]: printableJson(String(entry[MESSAGE])) }));

const jsonLine = format.combine(format.timestamp(), format.json(), withoutControls());

const textLine = format.combine(format.timestamp(), format.printf(formatTextLine));

/**
 * Creates a logger. Fields are below their own key, so that none can look like the level, the message or the time. Values are
 * truncated. Lines are limited, and the next line has the number of dropped ones.
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
