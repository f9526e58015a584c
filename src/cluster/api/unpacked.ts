import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Writable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';

/** In bytes. Each piece is handed over between threads. */
const PIECE_BYTES = 256 * 1024;

/**
 * Gathers pieces before decompression. An API server sends a few kilobytes at a time, and each hand-over costs a turn of two
 * threads: pieces that come while others are decompressed go together.
 */
const gatherInto = (unpack: Gunzip): Writable =>
  new Writable({
    write(piece: Buffer, _, done) {
      unpack.write(piece, done);
    },
    writev(pieces, done) {
      unpack.write(Buffer.concat(pieces.map(({ chunk }: { chunk: Buffer }) => chunk)), done);
    },
    final(done) {
      unpack.end(done);
    },
    destroy(error, done) {
      // At the end, some of what was handed over may not have been read yet.
      if (!this.writableFinished) unpack.destroy(error ?? undefined);
      done(error);
    },
  });

/** Returns the decompressed body of an answer (Content-Encoding). */
export const unpacked = (response: Readable & Pick<IncomingMessage, 'headers'>): Readable => {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const unpack = createGunzip({ chunkSize: PIECE_BYTES });
  const gather = gatherInto(unpack);
  // An error of either stream ends the other, and reaches the reader.
  unpack.once('error', (error) => gather.destroy(error)).once('close', () => gather.destroy());
  pipeline(response, gather, () => undefined);
  return unpack;
};
