import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { errorOfResponse } from './api-error.ts';
import { boundedText, MEBIBYTE } from './bounded-body.ts';
import type { ApiConnection } from './connection.ts';

/** A server that takes longer has lost the request, ms. */
const TIMEOUT_MS = 10_000;
/** It answers with the object as it is now. */
const MAX_ANSWER_BYTES = 4 * MEBIBYTE;

/**
 * Changes an object by a strategic merge patch, in which lists with a merge key (a pod's conditions: `type`) are merged
 * entry by entry. A `metadata.uid` in it has to be that of the object.
 *
 * @param rights what to grant where the server forbids it
 * @throws ApiError for any status but 200; the socket's own error; TimeoutError; the signal's reason once it is aborted
 */
export const patchObject = async (
  connection: ApiConnection,
  path: string,
  change: object,
  rights: string,
  outer: AbortSignal,
): Promise<void> => {
  const url = new URL(`${connection.server}${path}`);
  const options = await connection.options();
  const signal = AbortSignal.any([outer, AbortSignal.timeout(TIMEOUT_MS)]);
  signal.throwIfAborted();
  const content = JSON.stringify(change);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const headers = {
      ...options.headers,
      Accept: 'application/json',
      'Content-Type': 'application/strategic-merge-patch+json',
      'Content-Length': Buffer.byteLength(content),
      'User-Agent': 'portcullis',
    };
    const request = send(url, { ...options, headers, method: 'PATCH', signal });
    request.once('response', resolve);
    // Stays: an abort after the answer began is told to the request as well.
    request.on('error', reject);
    request.end(content);
  });
  const code = response.statusCode ?? 0;
  const answer = await boundedText(response, 'the answer', MAX_ANSWER_BYTES);
  if (code !== 200) throw errorOfResponse(code, response.headers, answer, rights);
};
