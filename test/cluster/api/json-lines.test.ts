import { expect, test } from '@jest/globals';
import { jsonLines } from '../../../src/cluster/api/watch.ts';

const read = async (chunks: readonly Buffer[]): Promise<unknown[]> => {
  const values: unknown[] = [];
  async function* stream(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  for await (const value of jsonLines(stream())) values.push(value);
  return values;
};

test('lines are joined from chunks of any size, even if a character is split', async () => {
  const text = Buffer.from('{"a":"grün"}\n\n{"b":[1]}\n');
  for (let size = 1; size <= text.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
      text.subarray(index * size, (index + 1) * size),
    );
    expect(await read(chunks)).toEqual([{ a: 'grün' }, { b: [1] }]);
  }
});

test('a last line that was cut off is dropped', async () => {
  expect(await read([Buffer.from('{"a":1}\n{"b":')])).toEqual([{ a: 1 }]);
});

test('a line with invalid JSON is an error', async () => {
  await expect(read([Buffer.from('<html>\n')])).rejects.toThrow(SyntaxError);
});

test('a line without end is an error before it fills the memory', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  let sent = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      sent += 1;
      yield await Promise.resolve(chunk);
    }
  }
  const lines = jsonLines(endless());
  await expect(lines.next()).rejects.toThrow('a line of the watch is larger than 16 MiB');
  expect(sent).toBe(17);
});

test('many lines may together exceed the limit of one line', async () => {
  const line = Buffer.from(`"${'x'.repeat(1024 * 1024)}"\n`);
  expect(await read(Array.from({ length: 20 }, () => line))).toHaveLength(20);
});
