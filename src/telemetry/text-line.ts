/** Enough to read a field without it drowning the line. */
const MAX_VALUE_LENGTH = 1000;

/** Names come from manifests: what could break the line or move the terminal's cursor is escaped. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escapeControl = (text: string): string =>
  text.replaceAll(CONTROL, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

const shorten = (text: string): string =>
  text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}…` : text;

const isPlainWord = (text: string): boolean => /^[^\s"=]+$/.test(text);

const valueText = (value: unknown): string => {
  if (value === undefined) return 'undefined';
  const text = typeof value === 'string' && isPlainWord(value) ? value : JSON.stringify(value);
  return escapeControl(shorten(text));
};

const errorText = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'stack' in value && 'message' in value ? value.message : value;

interface LogEntry {
  readonly level: string;
  readonly message: unknown;
  readonly timestamp?: unknown;
  readonly fields?: unknown;
}

/** One line for people: `2026-01-02T03:04:05.678Z INFO  message key=value …`; of an Error only the message. */
export const formatTextLine = ({ level, message, timestamp, fields }: LogEntry): string => {
  const pairs = Object.entries(fields ?? {}).map(([key, value]) => `${key}=${valueText(errorText(value))}`);
  return [String(timestamp), level.toUpperCase().padEnd(5), escapeControl(String(message)), ...pairs].join(' ');
};
