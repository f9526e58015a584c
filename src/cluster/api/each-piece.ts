import type { Readable } from 'node:stream';

/**
 * Hands over a body piece by piece, as it comes. An asynchronous iterator does the same at several times the price, which
 * counts where a list comes in thousands of pieces.
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
    // After both it changes nothing.
    body.once('close', () => {
      reject(new Error('the answer was cut off'));
    });
  });
