import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Writable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';

/** Each piece is handed over between threads, bytes. */
const PIECE_BYTES = 256 * 1024;

/**
 * Hands pieces over to be unpacked. An API server sends them a few kilobytes at a time, and each hand-over takes turns of two
 * threads: what came while others were unpacked goes together.
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
      // Once all was handed over, some of it may not be read yet.
      if (!this.writableFinished) unpack.destroy(error ?? undefined);
      done(error);
    },
  });

/** The body of an answer as it was before it was packed for the way (Content-Encoding). */
export const unpacked = (response: Readable & Pick<IncomingMessage, 'headers'>): Readable => {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const unpack = createGunzip({ chunkSize: PIECE_BYTES });
  const gather = gatherInto(unpack);
  // An error of either ends the other; whoever reads hears of it.
  unpack.once('error', (error) => gather.destroy(error)).once('close', () => gather.destroy());
  pipeline(response, gather, () => undefined);
  return unpack;
};
