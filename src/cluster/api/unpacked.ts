import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Each piece is handed over between threads, bytes. */
const PIECE_BYTES = 256 * 1024;

/** The body of an answer as it was before it was packed for the way (Content-Encoding). */
export const unpacked = (response: IncomingMessage): Readable => {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const unpack = createGunzip({ chunkSize: PIECE_BYTES });
  // An error of either ends the other; whoever reads hears of it.
  pipeline(response, unpack, () => undefined);
  return unpack;
};
