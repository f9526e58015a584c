/** More came than anybody should send. */
export class TooLargeError extends Error {
  constructor(what: string, limit: number) {
    super(`${what} is larger than ${limit / MEBIBYTE} MiB`);
    this.name = 'TooLargeError';
  }
}

export const MEBIBYTE = 1024 * 1024;

/**
 * The whole of a body.
 * @param limit bytes
 * @param heard called at each piece of it
 * @throws TooLargeError, without reading on
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

/** As boundedBytes, for text. */
export const boundedText = async (body: AsyncIterable<unknown>, what: string, limit: number): Promise<string> =>
  (await boundedBytes(body, what, limit)).toString('utf8');
