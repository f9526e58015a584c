import { describe, expect, test } from '@jest/globals';
import { prohibited, resetToReceiver, resetToSender } from '../../../src/render/packets/build-answer.ts';
import { type ReadPacket, readPacket } from '../../../src/render/packets/read-packet.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

const read = (bytes: Uint8Array | undefined): ReadPacket => {
  const packet = bytes && readPacket(bytes);
  if (packet === undefined) throw new Error('no packet');
  return packet;
};

/** Returns the sum over all 16-bit words, with the pseudo header of the payload: 0xffff if the checksum is right. */
const sumOf = (bytes: Uint8Array): number => {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
};

const IPV4_ACK = hex(`4500 0030 0001 4000 4006 0000 0a010102 0a010203
  c350 0050 000003e8 000007d0 5018 0400 0000 0000 6461746164617461`);
const IPV4_SYN = hex('4500 0028 0001 4000 4006 0000 0a010102 0a010203 c350 0050 ffffffff 00000000 5002 0400 0000 0000');
const IPV6_ACK = hex(`6000 0000 0014 06 3f fd000000000000000000000000000001 fd000000000000000000000000000002
  0050 c350 000003e8 000007d0 5010 0400 0000 0000`);
const IPV4_UDP = hex('4500 0021 0001 0000 4011 0000 0a010102 0a010203 c350 0035 000d 0000 68656c6c6f');
const IPV6_UDP = hex(`6000 0000 0015 00 3f fd000000000000000000000000000001 fd000000000000000000000000000002
  1100010400000000 c350 0035 000d 0000 68656c6c6f`);

describe('reading packets', () => {
  test('a packet is read with its addresses, ports and numbers, in either family', () => {
    expect(read(IPV4_ACK)).toMatchObject({
      family: 'ipv4',
      source: '10.1.1.2',
      destination: '10.1.2.3',
      tcp: {
        sourcePort: 50_000,
        destinationPort: 80,
        sequence: 1_000,
        acknowledgement: 2_000,
        isAck: true,
        dataBytes: 8,
      },
    });
    expect(read(IPV6_ACK)).toMatchObject({ family: 'ipv6', source: 'fd00::1', destination: 'fd00::2', protocol: 6 });
    expect(read(IPV6_UDP)).toMatchObject({ protocol: 17, tcp: undefined, isIcmpError: false });
  });

  test.each([
    [
      'a later fragment',
      hex('4500 0028 0001 0001 4006 0000 0a010102 0a010203 c350 0050 00000000 00000000 5010 0400 0000 0000'),
    ],
    ['one that is cut off', IPV4_ACK.subarray(0, 30)],
    ['one of another version', hex('5500 0028')],
    ['nothing', new Uint8Array()],
    [
      'a later fragment of IPv6',
      hex(`6000 0000 0010 2c 3f fd000000000000000000000000000001 fd000000000000000000000000000002
      0600000800000001 0000000000000000`),
    ],
  ])('a packet is not read: %s', (_, bytes) => {
    expect(readPacket(bytes)).toBeUndefined();
  });

  test.each([
    ['4500 001c 0001 0000 4001 0000 0a010102 0a010203 0301 0000 0000 0000', true],
    ['4500 001c 0001 0000 4001 0000 0a010102 0a010203 0800 0000 0000 0000', false],
    ['4500 001c 0001 0000 4001 0000 0a010102 0a010203 0500 0000 0000 0000', true],
    [
      '6000 0000 0008 3a 3f fd000000000000000000000000000001 fd000000000000000000000000000002 0100 0000 0000 0000',
      true,
    ],
    [
      '6000 0000 0008 3a 3f fd000000000000000000000000000001 fd000000000000000000000000000002 8000 0000 0000 0000',
      false,
    ],
  ])('an ICMP packet is an error or not: %s', (text, isIcmpError) => {
    expect(read(hex(text)).isIcmpError).toBe(isIcmpError);
  });
});

describe('answers to packets', () => {
  test('the answer to a segment in the middle is a reset at the number that its sender expects', () => {
    const answer = read(resetToSender(read(IPV4_ACK)));
    expect(answer).toMatchObject({ source: '10.1.2.3', destination: '10.1.1.2' });
    expect(answer.tcp).toMatchObject({
      sourcePort: 80,
      destinationPort: 50_000,
      sequence: 2_000,
      isRst: true,
      isAck: false,
    });
  });

  test('the answer to an opening segment is a reset that acknowledges it, past the end of the numbers', () => {
    expect(read(resetToSender(read(IPV4_SYN))).tcp).toMatchObject({
      sequence: 0,
      acknowledgement: 0,
      isRst: true,
      isAck: true,
    });
  });

  test('the answer to the other end is the reset that the sender would have sent', () => {
    const answer = read(resetToReceiver(read(IPV6_ACK)));
    expect(answer).toMatchObject({ source: 'fd00::1', destination: 'fd00::2' });
    expect(answer.tcp).toMatchObject({ sourcePort: 80, destinationPort: 50_000, sequence: 1_000, isRst: true });
  });

  test('a reset gets no answer, and only TCP gets a reset', () => {
    const reset = read(resetToSender(read(IPV4_ACK)));
    expect([resetToSender(reset), resetToReceiver(reset)]).toEqual([undefined, undefined]);
    expect([resetToSender(read(IPV4_UDP)), resetToReceiver(read(IPV4_UDP))]).toEqual([undefined, undefined]);
  });

  test.each([
    ['ipv4', IPV4_UDP, 20, [3, 13]],
    ['ipv6', IPV6_UDP, 40, [1, 1]],
  ] as const)('the ICMP error about a forbidden packet quotes the packet, %s', (_, bytes, header, [type, code]) => {
    const answer = prohibited(read(bytes));
    expect([...answer.subarray(header, header + 2)]).toEqual([type, code]);
    expect(answer.subarray(header + 8)).toEqual(bytes);
    expect(read(answer)).toMatchObject({
      source: read(bytes).destination,
      destination: read(bytes).source,
      isIcmpError: true,
    });
  });

  test.each([
    ['a reset of IPv4', resetToSender(read(IPV4_ACK)), 20, 6],
    ['a reset of IPv6', resetToSender(read(IPV6_ACK)), 40, 6],
    ['an error of IPv6', prohibited(read(IPV6_UDP)), 40, 58],
  ] as const)('an answer has correct checksums: %s', (_, bytes, header, protocol) => {
    if (bytes === undefined) throw new Error('no answer');
    const carried = bytes.subarray(header);
    const addresses = header === 20 ? bytes.subarray(12, 20) : bytes.subarray(8, 40);
    const pseudo = Uint8Array.from([...addresses, 0, 0, carried.length >> 8, carried.length & 255, 0, 0, 0, protocol]);
    expect(sumOf(Uint8Array.from([...pseudo, ...carried]))).toBe(0xffff);
    if (header === 20) expect(sumOf(bytes.subarray(0, 20))).toBe(0xffff);
  });
});
