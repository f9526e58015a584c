import { asList, asObject, asText } from './raw.ts';

/** Returns the code of an error of Node or the system (`ENOENT`, `ECONNREFUSED`); undefined for other errors. */
export const codeOf = (error: unknown): string | undefined => asText(asObject(error)['code']);

/** Returns an error's message in one line; of an AggregateError (several addresses of one host), those of its parts. */
export const messageOf = (error: unknown): string => {
  const { message, errors } = asObject(error);
  const parts = asList(errors).map(messageOf);
  return parts.length > 0 ? parts.join('; ') : (asText(message) ?? String(error));
};
