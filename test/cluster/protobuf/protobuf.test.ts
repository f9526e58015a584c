import { describe, expect, test } from '@jest/globals';
import { readList } from '../../../src/cluster/protobuf/list.ts';
import { type Message, readMessage } from '../../../src/cluster/protobuf/message.ts';
import { POD } from '../../../src/cluster/protobuf/schema.ts';
import { statusText } from '../../../src/cluster/protobuf/status.ts';
import { watchFrames } from '../../../src/cluster/protobuf/watch-frames.ts';
import { WireError } from '../../../src/cluster/protobuf/wire.ts';
import { bytes, envelope, frame, number } from './encode.ts';

const MESSAGE: Message = {
  fields: {
    1: { name: 'text', type: 'text' },
    2: { name: 'many', type: 'integer', repeated: true },
    3: { name: 'flag', type: 'flag' },
    4: { name: 'labels', type: 'labels' },
    5: { name: 'at', type: 'time' },
  },
};

const read = (...parts: readonly Buffer[]): unknown => {
  const whole = Buffer.concat(parts);
  return readMessage(whole, 0, whole.length, MESSAGE);
};

const pod = (name: string): Buffer => bytes(1, bytes(1, name), bytes(3, 'shop'), bytes(5, `uid-${name}`));

describe('a message', () => {
  test('is read as its JSON would be', () => {
    const entry = (key: string, value: string): Buffer => bytes(4, bytes(1, key), bytes(2, value));
    const object = read(
      bytes(1, 'grün'),
      number(2, 5),
      number(2, 40_000),
      number(3, 1),
      entry('app', 'web'),
      entry('__proto__', ''),
      bytes(5, number(1, 1_767_225_600), number(2, 7)),
    );
    expect(JSON.stringify(object)).toBe(
      '{"text":"grün","many":[5,40000],"flag":true,"labels":{"app":"web","__proto__":""},"at":"2026-01-01T00:00:00.000Z"}',
    );
  });

  test('passes over fields that it does not know, of every kind', () => {
    const fixed = Buffer.from([9 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 * 8 + 5, 1, 2, 3, 4]);
    expect(read(number(100, 3), bytes(2000, 'what'), fixed, bytes(1, 'known'))).toEqual({ text: 'known' });
  });

  test.each([
    ['a length beyond the end', Buffer.from([10, 5, 97])],
    ['a number without an end', Buffer.from([16, 255])],
    ['a wire type that is none', Buffer.from([11])],
  ])('with %s is an error', (_, broken) => {
    expect(() => read(broken)).toThrow(WireError);
  });
});

describe('a list', () => {
  test('is its metadata and its items', () => {
    const list = envelope(bytes(1, bytes(2, '42'), bytes(3, 'more')), bytes(2, pod('a')), bytes(2, pod('b')));
    const { metadata, items } = readList(list, POD);
    expect({ metadata, items: [...items] }).toEqual({
      metadata: { resourceVersion: '42', continue: 'more' },
      items: [
        { metadata: { name: 'a', namespace: 'shop', uid: 'uid-a' } },
        { metadata: { name: 'b', namespace: 'shop', uid: 'uid-b' } },
      ],
    });
  });

  test('with an item that is none is an error once that is read', () => {
    const { items } = readList(envelope(bytes(1, bytes(2, '42')), bytes(2, pod('a')), bytes(2, Buffer.from([8]))), POD);
    expect(() => [...items]).toThrow(WireError);
  });

  test('that is something else is an error', () => {
    expect(() => readList(Buffer.from('{"kind":"PodList"}'), POD)).toThrow(WireError);
  });
});

describe('a watch', () => {
  const events = async (chunks: readonly Buffer[]): Promise<unknown[]> => {
    const seen: unknown[] = [];
    async function* stream(): AsyncGenerator<Buffer> {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    }
    for await (const event of watchFrames(stream(), POD)) seen.push(event);
    return seen;
  };
  const whole = Buffer.concat([
    frame('ADDED', envelope(pod('a'))),
    frame('ERROR', envelope(bytes(3, 'too old'), bytes(5, number(5, 7)), number(6, 410))),
  ]);
  const both = [
    { type: 'ADDED', object: { metadata: { name: 'a', namespace: 'shop', uid: 'uid-a' } } },
    { type: 'ERROR', object: { message: 'too old', details: { retryAfterSeconds: 7 }, code: 410 } },
  ];

  test('is put together from chunks of any size', async () => {
    for (let size = 1; size <= whole.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.subarray(index * size, (index + 1) * size),
      );
      expect(await events(chunks)).toEqual(both);
    }
  });

  test('drops a last event that was cut off', async () => {
    expect(await events([whole.subarray(0, -1)])).toEqual(both.slice(0, 1));
  });

  test('with a length that no event has is an error', async () => {
    await expect(events([Buffer.from('<html>')])).rejects.toThrow(WireError);
  });
});

test('a Status gives its message; anything else none', () => {
  expect(statusText(envelope(bytes(3, 'no'), number(6, 403)))).toBe('{"message":"no","code":403}');
  expect(statusText(Buffer.from('502 Bad Gateway'))).toBe('');
});
