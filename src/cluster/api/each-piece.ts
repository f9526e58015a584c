import type { Readable } from 'node:stream';

/**
 * Calls `take` with each piece of a body. An asynchronous iterator costs several times as much, which matters for a list of
 * thousands of pieces.
 *
 * @throws what `take` throws, without reading on; the body's error
 */
export const eachPiece = (body: Readable, take: (piece: Buffer) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    body.on('data', (piece: Buffer) => {
      if (body.destroyed) return;
      try {
        take(piece);
      } catch (error) {
        body.destroy(error as Error);
      }
    });
    body.once('end', resolve);
    body.once('error', reject);
    // After `end` or `error` this has no effect.
    body.once('close', () => {
      reject(new Error('the answer was cut off'));
    });
  });
