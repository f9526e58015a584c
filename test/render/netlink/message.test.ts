import { describe, expect, test } from '@jest/globals';
import { headerIn, membersIn } from '../../../src/render/netlink/ip-sets.ts';
import {
  attribute,
  attributesOf,
  bigEndian,
  decodeMessages,
  encodeRequest,
  nest,
  nestedIn,
  networkAttribute,
  type NetlinkMessage,
  numberOf,
  textOf,
  zeroTerminated,
} from '../../../src/render/netlink/message.ts';

const message = (...attributes: readonly Uint8Array[]): NetlinkMessage => {
  const [first] = decodeMessages(encodeRequest({ type: 0x607, answer: 'dump', family: 2, attributes }, 7));
  if (first === undefined) throw new Error('no message');
  return first;
};

describe('netlink messages', () => {
  test('a request has type, flags, sequence and family, and its attributes are padded to four bytes', () => {
    const bytes = encodeRequest(
      { type: 0x607, answer: 'dump', family: 2, attributes: [attribute(1, bigEndian(6, 1))] },
      9,
    );
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '1c000000' + '0706' + '0103' + '09000000' + '00000000' + '02000000' + '0500' + '0100' + '06000000',
    );
  });

  test('attributes are read as they were written, including nested ones and those in network order', () => {
    const [text, number, nested] = attributesOf(
      message(
        attribute(2, zeroTerminated('name')),
        networkAttribute(6, bigEndian(4, 4)),
        nest(7, [attribute(1, bigEndian(513, 2))]),
      ),
    );
    expect([text, number, nested].map((each) => each?.type)).toEqual([2, 6, 7]);
    expect(text === undefined ? '' : textOf(text)).toBe('name');
    expect(number === undefined ? 0 : numberOf(number)).toBe(4);
    expect((nested === undefined ? [] : nestedIn(nested)).map(numberOf)).toEqual([513]);
  });

  test('several messages in one packet are separated', () => {
    const one = encodeRequest({ type: 1, answer: 'ack', family: 0, attributes: [] }, 1);
    const two = encodeRequest({ type: 2, answer: 'ack', family: 0, attributes: [attribute(1, bigEndian(1, 1))] }, 2);
    const packet = Uint8Array.from([...one, ...two]);
    expect(decodeMessages(packet).map(({ type, sequence }) => [type, sequence])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('a truncated message is an error, not an end', () => {
    const bytes = encodeRequest(
      { type: 1, answer: 'ack', family: 0, attributes: [attribute(1, zeroTerminated('text'))] },
      1,
    );
    expect(() => decodeMessages(bytes.subarray(0, bytes.length - 4))).toThrow(RangeError);
    const inner = message(nest(7, [Uint8Array.from([200, 0, 1, 0])]));
    expect(() => attributesOf(inner).map(nestedIn)).toThrow(RangeError);
  });

  test('a message about a set without a header has none, and one without members has none', () => {
    const bare = message(attribute(1, bigEndian(6, 1)), attribute(2, zeroTerminated('portcullis-4-a')));
    expect(headerIn(bare)).toBeUndefined();
    expect(membersIn(bare, 'ipv4')).toEqual([]);
  });
});
