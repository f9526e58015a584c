import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { unpacked } from '../../../src/cluster/api/unpacked.ts';

const answer = (encoding?: string): PassThrough & { headers: Record<string, string> } =>
  Object.assign(new PassThrough(), { headers: encoding === undefined ? {} : { 'content-encoding': encoding } });

/** Compresses badly, so that it comes in many pieces. */
const WHOLE = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index * index * 31) % 251));
const PACKED = gzipSync(WHOLE);

const send = (to: PassThrough, bytes: Buffer, size: number): void => {
  for (let at = 0; at < bytes.length; at += size) to.write(bytes.subarray(at, at + size));
};

test('an uncompressed answer is returned unchanged', () => {
  const response = answer();
  expect(unpacked(response)).toBe(response);
});

test.each([1, 100, 4096, PACKED.length])('a compressed answer in pieces of %d bytes is complete', async (size) => {
  const response = answer('gzip');
  const body = unpacked(response);
  send(response, PACKED, size);
  response.end();
  expect((await buffer(body)).equals(WHOLE)).toBe(true);
});

test('a reader that starts late gets the whole answer', async () => {
  const response = answer('gzip');
  const body = unpacked(response);
  send(response, PACKED, 1000);
  response.end();
  await once(body, 'readable');
  await new Promise((resolve) => setImmediate(resolve));
  expect((await buffer(body)).equals(WHOLE)).toBe(true);
});

test.each<[string, (response: PassThrough) => void]>([
  ['is cut off', (response) => response.end(PACKED.subarray(0, 1000))],
  ['breaks', (response) => response.destroy(new Error('reset'))],
  ['ends without its end', (response) => response.destroy()],
  ['is something else', (response) => response.end('<html>')],
])('the reader of a compressed answer gets an error if the answer %s', async (_, end) => {
  const response = answer('gzip');
  const body = unpacked(response);
  response.write(PACKED.subarray(0, 500));
  const read = buffer(body);
  end(response);
  await expect(read).rejects.toThrow();
});

test('a reader that stops ends the answer', async () => {
  const response = answer('gzip');
  const body: Readable = unpacked(response);
  body.on('error', () => undefined);
  send(response, PACKED.subarray(0, 10_000), 1000);
  await once(body, 'readable');
  const ended = once(response, 'error');
  body.destroy(new Error('enough'));
  expect(await ended).toEqual([new Error('enough')]);
  expect(response.destroyed).toBe(true);
});
