import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { errorOfResponse } from '../api/api-error.ts';
import { boundedText, MEBIBYTE } from '../api/bounded-body.ts';
import type { ApiConnection } from '../api/connection.ts';

/** Whoever waits for the answer waits no longer than that, ms. */
const TIMEOUT_MS = 5_000;
/** A review is small; more is not from an API server. */
const MAX_ANSWER_BYTES = MEBIBYTE;

/**
 * POSTs an object to a path of the API and returns the object that it answers with.
 * @throws ApiError for any status but 200 and 201; SyntaxError; the socket's own error; TimeoutError
 */
export const post = async (connection: ApiConnection, path: string, body: object): Promise<unknown> => {
  const url = new URL(`${connection.server}${path}`);
  const options = await connection.options();
  const content = JSON.stringify(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const headers = {
      ...options.headers,
      Accept: 'application/json',
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(content),
      'User-Agent': 'portcullis',
    };
    const request = send(url, { ...options, headers, method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) });
    request.once('response', resolve);
    // Stays: the time may run out after the answer began.
    request.on('error', reject);
    request.end(content);
  });
  const text = await boundedText(response, 'the answer', MAX_ANSWER_BYTES);
  const code = response.statusCode ?? 0;
  if (code !== 200 && code !== 201) throw errorOfResponse(code, response.headers, text);
  return JSON.parse(text);
};
