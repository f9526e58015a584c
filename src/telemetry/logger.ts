import { createLogger as createWinston, format, transports } from 'winston';
import type { LogFormat, LogLevel } from '../config/config.ts';
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
}

const plain = (value: unknown): unknown =>
  value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;

const toPlain = (fields: LogFields): LogFields =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plain(value)]));

const jsonLine = format.combine(format.timestamp(), format.json());

const textLine = format.combine(format.timestamp(), format.printf(formatTextLine));

/** Fields are kept below their own key, so that none of them can pass for the level, the message or the time. */
export const createLogger = ({ format: name, level, stream = process.stderr }: LoggerOptions): Logger => {
  const winston = createWinston({
    level,
    format: name === 'json' ? jsonLine : textLine,
    transports: [new transports.Stream({ stream })],
  });
  const write =
    (at: LogLevel) =>
    (message: string, fields?: LogFields): void =>
      void winston.log({ level: at, message, ...(fields === undefined ? {} : { fields: toPlain(fields) }) });
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };
};
