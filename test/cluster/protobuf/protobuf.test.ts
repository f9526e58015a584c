import { describe, expect, test } from '@jest/globals';
import { ENFORCED } from '../../../src/cluster/condition/enforced-condition.ts';
import { createListReader } from '../../../src/cluster/protobuf/list-reader.ts';
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

describe('protobuf messages', () => {
  test('a message is read in the form of its JSON, except for labels and times', () => {
    const entry = (key: string, value: string): Buffer => bytes(4, bytes(1, key), bytes(2, value));
    const object = read(
      bytes(1, 'grün'),
      number(2, 5),
      number(2, 40_000),
      Buffer.from([16, 129, ...Array.from({ length: 8 }, () => 128), 0]),
      number(3, 1),
      entry('app', 'web'),
      entry('__proto__', ''),
      bytes(5, number(1, 1_767_225_600), number(2, 7)),
    );
    expect(object).toEqual({
      text: 'grün',
      many: [5, 40_000, 1],
      flag: true,
      labels: new Map([
        ['app', 'web'],
        ['__proto__', ''],
      ]),
      at: Date.parse('2026-01-01T00:00:00Z'),
    });
  });

  test('a message has only the named elements of a list if the schema names some', () => {
    const condition = (type: string, status: string): Buffer => bytes(2, bytes(1, type), bytes(2, status));
    const status = bytes(
      3,
      condition('Ready', 'True'),
      condition(ENFORCED, 'False'),
      condition('x'.repeat(22), 'True'),
    );
    const whole = Buffer.concat([
      bytes(2, bytes(28, bytes(1, 'other.io/gate')), bytes(28, bytes(1, ENFORCED))),
      status,
    ]);
    expect(readMessage(whole, 0, whole.length, POD)).toEqual({
      spec: { readinessGates: [{ conditionType: ENFORCED }] },
      status: { conditions: [{ type: ENFORCED, status: 'False' }] },
    });
  });

  test('unknown fields of a message are skipped, of every wire type', () => {
    const fixed = Buffer.from([9 * 8 + 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 * 8 + 5, 1, 2, 3, 4]);
    expect(read(number(100, 3), bytes(2000, 'what'), fixed, bytes(1, 'known'))).toEqual({ text: 'known' });
  });

  test.each([
    ['a length beyond the end', Buffer.from([10, 5, 97])],
    ['a number without an end', Buffer.from([16, 255])],
    ['a number of eleven bytes', Buffer.from([16, ...Array.from({ length: 10 }, () => 128), 0])],
    ['a key beyond 32 bits', Buffer.from([128, 128, 128, 128, 16, 0])],
    ['a wire type that is none', Buffer.from([11])],
  ])('a message with %s is an error', (_, broken) => {
    expect(() => read(broken)).toThrow(WireError);
  });
});

describe('protobuf lists', () => {
  const readIn = (pieces: readonly Buffer[]): { metadata: unknown; items: unknown[] } => {
    const items: unknown[] = [];
    const reader = createListReader(POD, (item) => items.push(item));
    for (const piece of pieces) reader.take(piece);
    return { metadata: reader.end(), items };
  };
  const cut = (whole: Buffer, size: number): readonly Buffer[] =>
    Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
      whole.subarray(index * size, (index + 1) * size),
    );
  const labelled = bytes(1, bytes(1, 'b'), bytes(3, 'shop'), bytes(5, 'uid-b'), bytes(12, 'x'.repeat(300)));
  const list = envelope(bytes(1, bytes(2, '42'), bytes(3, 'more')), bytes(2, pod('a')), bytes(2, labelled));

  test('a list gives its metadata and items, in whatever pieces it arrives', () => {
    for (let size = 1; size <= list.length; size += 1) {
      expect(readIn(cut(list, size))).toEqual({
        metadata: { resourceVersion: '42', continue: 'more' },
        items: [
          { metadata: { name: 'a', namespace: 'shop', uid: 'uid-a' } },
          { metadata: { name: 'b', namespace: 'shop', uid: 'uid-b' } },
        ],
      });
    }
  });

  test('a list without its end is an error, wherever the end is missing', () => {
    const behind = bytes(3, '').length;
    for (let length = 0; length < list.length - behind; length += 1) {
      expect(() => readIn([list.subarray(0, length)])).toThrow(WireError);
    }
  });

  test('reading a list continues after its envelope: what follows is not an item', () => {
    const items = Buffer.concat([bytes(1, bytes(2, '42')), bytes(2, pod('a'))]);
    const whole = Buffer.concat([envelope(items), bytes(3, ''), bytes(4, 'application/x')]);
    expect(readIn([whole]).items).toHaveLength(1);
  });

  test.each([
    ['with an item that is none', envelope(bytes(1, bytes(2, '42')), bytes(2, pod('a')), bytes(2, Buffer.from([8])))],
    ['with an item that reaches beyond it', envelope(bytes(1, bytes(2, '42')), Buffer.from([18, 9, 0]))],
    ['with a length that no item has', envelope(Buffer.from([18, 255, 255, 255, 255, 127]), bytes(2, pod('a')))],
    ['that is something else', Buffer.from('{"kind":"PodList"}')],
  ])('a list %s is an error', (_, broken) => {
    expect(() => readIn([broken, Buffer.alloc(64)])).toThrow(WireError);
  });
});

describe('protobuf watches', () => {
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

  test('a watch is read from chunks of any size', async () => {
    for (let size = 1; size <= whole.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.subarray(index * size, (index + 1) * size),
      );
      expect(await events(chunks)).toEqual(both);
    }
  });

  test('a watch drops a last event that was cut off', async () => {
    expect(await events([whole.subarray(0, -1)])).toEqual(both.slice(0, 1));
  });

  test('a watch with an impossible event length is an error', async () => {
    await expect(events([Buffer.from('<html>')])).rejects.toThrow(WireError);
  });
});

test('a Status gives its message, anything else gives none', () => {
  expect(statusText(envelope(bytes(3, 'no'), number(6, 403)))).toBe('{"message":"no","code":403}');
  expect(statusText(Buffer.from('502 Bad Gateway'))).toBe('');
});
