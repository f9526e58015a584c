import { printable } from '../model/printable.ts';

const isPlainWord = (text: string): boolean => /^[^\s"=]+$/.test(text);

const valueText = (value: unknown): string => {
  if (value === undefined) return 'undefined';
  const text = typeof value === 'string' && isPlainWord(value) ? value : JSON.stringify(value);
  return printable(text);
};

const errorText = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'stack' in value && 'message' in value ? value.message : value;

interface LogEntry {
  readonly level: string;
  readonly message: unknown;
  readonly timestamp?: unknown;
  readonly fields?: unknown;
}

/** Returns one line for people: `2026-01-02T03:04:05.678Z INFO  message key=value …`; of an Error only the message. */
export const formatTextLine = ({ level, message, timestamp, fields }: LogEntry): string => {
  const pairs = Object.entries(fields ?? {}).map(([key, value]) => `${printable(key)}=${valueText(errorText(value))}`);
  return [String(timestamp), level.toUpperCase().padEnd(5), printable(String(message)), ...pairs].join(' ');
};
