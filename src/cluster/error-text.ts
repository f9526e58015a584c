import { asList, asObject, asText } from './raw.ts';

/** `ENOENT`, `ECONNREFUSED`: the code of an error of Node or the system; undefined for others. */
export const codeOf = (error: unknown): string | undefined => asText(asObject(error)['code']);

/** What an error says, in one line. An AggregateError (several addresses of one host) says what each of its parts does. */
export const messageOf = (error: unknown): string => {
  const { message, errors } = asObject(error);
  const parts = asList(errors).map(messageOf);
  return parts.length > 0 ? parts.join('; ') : (asText(message) ?? String(error));
};
