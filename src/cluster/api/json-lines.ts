import { StringDecoder } from 'node:string_decoder';

/**
 * The JSON values of a stream, one per line. A last line without its end is dropped: the connection broke inside it.
 *
 * @throws SyntaxError for a line that is no JSON.
 */
export async function* jsonLines(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let pending: string[] = [];
  for await (const chunk of stream) {
    const [first = '', ...more] = decoder.write(chunk).split('\n');
    pending.push(first);
    for (const next of more) {
      const line = pending.join('').trim();
      pending = [next];
      if (line !== '') yield JSON.parse(line) as unknown;
    }
  }
}
