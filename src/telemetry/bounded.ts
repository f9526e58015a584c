/** Enough to read a value without it drowning the line, characters. */
const MAX_VALUE = 1000;
/** A stack says more than that before it repeats itself, characters. */
const MAX_STACK = 4000;

const shorten = (text: string, most = MAX_VALUE): string => (text.length > most ? `${text.slice(0, most)}…` : text);

const boundedError = ({ name, message, stack }: Error): Readonly<Record<string, string | undefined>> => ({
  name: shorten(name),
  message: shorten(message),
  stack: stack === undefined ? undefined : shorten(stack, MAX_STACK),
});

/** A value for a log line: an Error as plain data, text cut, data too large to read as the beginning of its JSON text. */
export const bounded = (value: unknown): unknown => {
  if (value instanceof Error) return boundedError(value);
  if (typeof value === 'string') return shorten(value);
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value);
  return text.length > MAX_VALUE ? shorten(text) : value;
};
