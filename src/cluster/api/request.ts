import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Resource } from '../resource.ts';
import { statusText } from '../protobuf/status.ts';
import { errorOfResponse } from './api-error.ts';
import { boundedBytes, MEBIBYTE } from './bounded-body.ts';
import type { ApiConnection } from './connection.ts';
import { unpacked } from './unpacked.ts';

/** TCP keep-alive detects a peer that vanished silently, even before a watch timeout is due. */
const KEEP_ALIVE_MS = 30_000;

/** An error answer larger than this is not from an API server. */
const MAX_ERROR_BYTES = MEBIBYTE;

export type Query = Readonly<Record<string, string>>;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Formats of an answer. A server that does not support the first sends the second. */
type Accept = 'application/json' | 'application/vnd.kubernetes.protobuf, application/json';

type Wanted = Pick<Resource<string, unknown>, 'message' | 'fieldSelector'>;

export const acceptOf = ({ message }: Wanted): Accept =>
  message === undefined ? 'application/json' : `${PROTOBUF}, application/json`;

/** Returns the part of the query that selects objects of a kind. */
export const selectionOf = ({ fieldSelector }: Wanted): Query => (fieldSelector === '' ? {} : { fieldSelector });

export const isProtobuf = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.startsWith(PROTOBUF) === true;

const answered = async (response: IncomingMessage): Promise<IncomingMessage> => {
  const code = response.statusCode ?? 0;
  if (code === 200) return response;
  const body = await boundedBytes(unpacked(response), 'it', MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
  throw errorOfResponse(code, response.headers, isProtobuf(response) ? statusText(body) : body.toString('utf8'));
};

/** Compression of an answer. An API server compresses what is larger than 128 KiB. */
type Packing = 'gzip' | 'identity';

/**
 * GETs a path of the API and returns the answer once its headers are in.
 *
 * @throws ApiError for any status but 200; the socket's error; the signal's reason if it is aborted, also while the body is
 * read
 */
export const get = async (
  connection: ApiConnection,
  path: string,
  query: Query,
  accept: Accept,
  signal: AbortSignal,
  packing: Packing = 'identity',
): Promise<IncomingMessage> => {
  const url = new URL(`${connection.server}${path}?${new URLSearchParams(query).toString()}`);
  const options = await connection.options();
  signal.throwIfAborted();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const headers = {
      ...options.headers,
      Accept: accept,
      'Accept-Encoding': packing,
      'User-Agent': 'portcullis',
    };
    const request = send(url, { ...options, headers, signal });
    request.setSocketKeepAlive(true, KEEP_ALIVE_MS);
    request.once('response', resolve);
    // Stays attached: an abort after the answer began also emits an error on the request.
    request.on('error', reject);
    request.end();
  });
  return answered(response);
};
