import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Resource } from '../resource.ts';
import { statusText } from '../protobuf/status.ts';
import { errorOfResponse } from './api-error.ts';
import { boundedBytes, MEBIBYTE } from './bounded-body.ts';
import type { ApiConnection } from './connection.ts';
import { unpacked } from './unpacked.ts';

/** TCP keep-alive finds a peer that vanished without a word, also while no watch timeout is due yet. */
const KEEP_ALIVE_MS = 30_000;

/** An error answer larger than this is not from an API server. */
const MAX_ERROR_BYTES = MEBIBYTE;

export type Query = Readonly<Record<string, string>>;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What an answer may be written in: a server that cannot do the first does the second. */
type Accept = 'application/json' | 'application/vnd.kubernetes.protobuf, application/json';

type Wanted = Pick<Resource<string, unknown>, 'message' | 'fieldSelector'>;

export const acceptOf = ({ message }: Wanted): Accept =>
  message === undefined ? 'application/json' : `${PROTOBUF}, application/json`;

/** The part of the query that says which objects of a kind are wanted. */
export const selectionOf = ({ fieldSelector }: Wanted): Query => (fieldSelector === '' ? {} : { fieldSelector });

export const isProtobuf = ({ headers }: IncomingMessage): boolean =>
  headers['content-type']?.startsWith(PROTOBUF) === true;

const answered = async (response: IncomingMessage): Promise<IncomingMessage> => {
  const code = response.statusCode ?? 0;
  if (code === 200) return response;
  const body = await boundedBytes(unpacked(response), 'it', MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
  throw errorOfResponse(code, response.headers, isProtobuf(response) ? statusText(body) : body.toString('utf8'));
};

/** How an answer may be packed for the way. An API server packs what is larger than 128 KiB. */
type Packing = 'gzip' | 'identity';

/**
 * GETs a path of the API and returns the answer once its headers are there.
 *
 * @throws ApiError for any status but 200; the socket's own error; the signal's reason once it is aborted, also while the
 * body is read.
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
    // Stays: an abort after the answer began is told to the request as well.
    request.on('error', reject);
    request.end();
  });
  return answered(response);
};
