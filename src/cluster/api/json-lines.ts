import { StringDecoder } from 'node:string_decoder';
import { MEBIBYTE, TooLargeError } from './bounded-body.ts';

/** etcd takes objects of 1.5 MiB; a watch line is one object and a few words, characters. */
const MAX_LINE = 16 * MEBIBYTE;

/**
 * The JSON values of a stream, one per line. A last line without its end is dropped: the connection broke inside it.
 *
 * @throws SyntaxError for a line that is no JSON; TooLargeError.
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
