import type { IncomingHttpHeaders } from 'node:http';
import { STATUS_CODES } from 'node:http';
import { asObject, asText } from '../raw.ts';
import { readRetryAfter } from './retry-after.ts';

/** The API server refused: an HTTP status, or a Status object inside a watch. */
export class ApiError extends Error {
  readonly code: number;
  /** The wait in ms that the server asks for; undefined if it asks for none. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, code: number, retryAfterMs: number | undefined) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const TO_READ = 'get, list and watch on pods, namespaces and networkpolicies';

/** Returns what a person can do about an answer that a retry does not change. */
const adviceFor = (code: number, rights: string): string | undefined => {
  if (code === 401) return 'the API server does not accept these credentials; is the token or certificate valid?';
  return code === 403 ? `the credentials may not do this; grant ${rights}` : undefined;
};

const withAdvice = (code: number, said: string, rights = TO_READ): string => {
  const advice = adviceFor(code, rights);
  const status = `${String(code)} ${STATUS_CODES[code] ?? ''}`.trimEnd();
  return [status, said, advice].filter((part) => part !== undefined && part !== '').join(': ');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Makes the error of an answer other than 200, whose body is a metav1.Status or a proxy's text.
 * @param rights the rights that a person should grant if they are missing; the rights to read if absent
 */
export const errorOfResponse = (
  code: number,
  headers: IncomingHttpHeaders,
  body: string,
  rights?: string,
): ApiError => {
  const said = asText(asObject(parseJson(body))['message']) ?? body.trim().slice(0, 200);
  return new ApiError(withAdvice(code, said, rights), code, readRetryAfter(headers, Date.now()));
};

/** Makes the error of a watch's ERROR event (metav1.Status). */
export const errorOfStatus = (status: unknown): ApiError => {
  const { code, message, details } = asObject(status);
  const seconds = asObject(details)['retryAfterSeconds'];
  const number = typeof code === 'number' ? code : 500;
  return new ApiError(
    withAdvice(number, asText(message) ?? ''),
    number,
    typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined,
  );
};

/** Reports 410 Gone: the resourceVersion or continue token is older than what the server still remembers. */
export const isGone = (error: unknown): boolean => error instanceof ApiError && error.code === 410;
