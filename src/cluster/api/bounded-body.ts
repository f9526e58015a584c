/** A body is larger than its limit. */
export class TooLargeError extends Error {
  constructor(what: string, limit: number) {
    super(`${what} is larger than ${limit / MEBIBYTE} MiB`);
    this.name = 'TooLargeError';
  }
}

export const MEBIBYTE = 1024 * 1024;

/**
 * Reads a whole body.
 * @param limit in bytes
 * @param heard called for each piece
 * @throws TooLargeError as soon as the limit is exceeded
 */
export const boundedBytes = async (
  body: AsyncIterable<unknown>,
  what: string,
  limit: number,
  heard?: () => void,
): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    heard?.();
    size += (chunk as Buffer).length;
    if (size > limit) throw new TooLargeError(what, limit);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};

/** Reads a whole body as text; see boundedBytes. */
export const boundedText = async (body: AsyncIterable<unknown>, what: string, limit: number): Promise<string> =>
  (await boundedBytes(body, what, limit)).toString('utf8');
