/** In characters: enough to read a value without drowning the line. */
const MAX_VALUE = 1000;
/** In characters. A stack has more useful text before it repeats itself. */
const MAX_STACK = 4000;

const shorten = (text: string, most = MAX_VALUE): string => (text.length > most ? `${text.slice(0, most)}…` : text);

const boundedError = ({ name, message, stack }: Error): Readonly<Record<string, string | undefined>> => ({
  name: shorten(name),
  message: shorten(message),
  stack: stack === undefined ? undefined : shorten(stack, MAX_STACK),
});

/** Returns a value for a log line: an Error as plain data, truncated text, and the start of the JSON text of large data. */
export const bounded = (value: unknown): unknown => {
  if (value instanceof Error) return boundedError(value);
  if (typeof value === 'string') return shorten(value);
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE ? shorten(text) : value;
};
