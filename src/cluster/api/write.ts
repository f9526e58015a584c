import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { errorOfResponse } from './api-error.ts';
import { boundedText, MEBIBYTE } from './bounded-body.ts';
import type { ApiConnection } from './connection.ts';

/** A server that takes longer has lost the request. */
const TIMEOUT_MS = 10_000;
/** The server answers with the whole object. */
const MAX_ANSWER_BYTES = 4 * MEBIBYTE;

export interface Write {
  /** From the root of the API: `/apis/…`. */
  readonly path: string;
  readonly body: object;
  /** The rights that a person should grant if the server refuses; the rights to read if absent. */
  readonly rights?: string;
  /** 10,000 if absent. */
  readonly timeoutMs?: number;
  /** Cancels the request. */
  readonly signal?: AbortSignal;
}

const write = async (
  connection: ApiConnection,
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  contentType: string,
  { path, body, rights, timeoutMs = TIMEOUT_MS, signal: outer }: Write,
): Promise<unknown> => {
  const url = new URL(`${connection.server}${path}`);
  const options = await connection.options();
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = outer === undefined ? timeout : AbortSignal.any([outer, timeout]);
  signal.throwIfAborted();
  const content = JSON.stringify(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const headers = {
      ...options.headers,
      Accept: 'application/json',
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(content),
      'User-Agent': 'portcullis',
    };
    const request = send(url, { ...options, headers, method, signal });
    request.once('response', resolve);
    // Stays attached: an abort after the answer began also emits an error on the request.
    request.on('error', reject);
    request.end(content);
  });
  const code = response.statusCode ?? 0;
  const answer = await boundedText(response, 'the answer', MAX_ANSWER_BYTES);
  if (code !== 200 && code !== 201) throw errorOfResponse(code, response.headers, answer, rights);
  return JSON.parse(answer);
};

/**
 * POSTs an object to a path of the API and returns the object in the answer.
 * @throws ApiError for any status but 200 and 201; SyntaxError; the socket's error; TimeoutError; the signal's reason if
 * it is aborted
 */
export const post = (connection: ApiConnection, request: Write): Promise<unknown> =>
  write(connection, 'POST', 'application/json', request);

/**
 * Replaces an object, and returns it as it is stored. A `metadata.resourceVersion` in the body must be the object's.
 * @throws as post
 */
export const put = (connection: ApiConnection, request: Write): Promise<unknown> =>
  write(connection, 'PUT', 'application/json', request);

/**
 * Deletes an object.
 * @throws as post
 */
export const remove = (connection: ApiConnection, request: Omit<Write, 'body'>): Promise<unknown> =>
  write(connection, 'DELETE', 'application/json', { ...request, body: {} });

/**
 * Changes an object by a strategic merge patch, and returns the new object. Lists with a merge key (a pod's conditions:
 * `type`) are merged entry by entry. A `metadata.uid` in the patch must be the object's.
 * @throws as post
 */
export const patch = (connection: ApiConnection, request: Write): Promise<unknown> =>
  write(connection, 'PATCH', 'application/strategic-merge-patch+json', request);
