import { StringDecoder } from 'node:string_decoder';
import { MEBIBYTE, TooLargeError } from './bounded-body.ts';

/** In characters. A watch line is one object, which etcd limits to 1.5 MiB, and a short wrapper. */
const MAX_LINE = 16 * MEBIBYTE;

/**
 * Yields the JSON values of a stream, one per line. Drops a last line without its end: the connection broke inside it.
 *
 * @throws SyntaxError for a line that is not JSON; TooLargeError
 */
export async function* jsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let pending: string[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const [first = '', ...more] = decoder.write(chunk).split('\n');
    pending.push(first);
    size += first.length;
    if (size > MAX_LINE) throw new TooLargeError('a line of the watch', MAX_LINE);
    for (const next of more) {
      const line = pending.join('').trim();
      pending = [next];
      size = next.length;
      if (line !== '') yield JSON.parse(line) as unknown;
    }
  }
}
