import { describe, expect, test } from '@jest/globals';
import { addressBytes, checksum, macBytes } from './bytes.ts';
import { arp, ETHER, ethernet, groupMac, llc, snap } from './ethernet.ts';
import { icmp, icmpv6, ndOption, solicitedNode } from './icmp.ts';
import {
  destinationOptions,
  extended,
  fragment,
  hopByHop,
  ipv4,
  ipv4Fragments,
  ipv6,
  ipv6Fragments,
  PROTOCOL,
  routing,
} from './ip.ts';
import { crc32c, sctp, tcp, udp, vxlan } from './transport.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const V4 = { source: '192.0.2.1', destination: '192.0.2.2' };
const V6 = { source: '2001:db8::1', destination: '2001:db8::2' };

describe('bytes', () => {
  test('the checksum of the example in RFC 1071 is the complement of its sum', () => {
    expect(checksum(hex('0001 f203 f4f5 f6f7'))).toBe(~0xddf2 & 0xffff);
  });

  test('an invalid hardware address is refused', () => {
    expect(() => macBytes('02:00:00')).toThrow('not a hardware address');
  });
});

describe('ethernet', () => {
  test('VLAN tags follow the addresses and precede the type, the outermost first', () => {
    const parts = {
      to: '02:00:00:00:00:01',
      from: '02:00:00:00:00:02',
      type: ETHER.ipv4,
      tags: [
        { type: ETHER.serviceVlan, vlan: 7 },
        { type: ETHER.vlan, vlan: 0 },
      ],
    };
    expect(ethernet(parts, hex('45'))).toEqual(hex('020000000001 020000000002 88a8 0007 8100 0000 0800 45'));
  });

  test('a frame of 802.3 has its length instead of a type', () => {
    expect(llc('01:80:c2:00:00:00', '02:00:00:00:00:02', 0x42, hex('0000'))).toEqual(
      hex('0180c2000000 020000000002 0005 424203 0000'),
    );
    expect(snap('01:00:0c:cc:cc:cd', '02:00:00:00:00:02', 0x0c, 0x010b, hex('ff')).subarray(12)).toEqual(
      hex('0009 aaaa03 00000c 010b ff'),
    );
  });

  test('multicast groups have the hardware addresses of RFC 1112 and RFC 2464', () => {
    expect(groupMac([224, 0, 0, 251])).toBe('01:00:5e:00:00:fb');
    expect(groupMac([239, 255, 1, 2])).toBe('01:00:5e:7f:01:02');
    expect(groupMac([...addressBytes('ff02::1:ff00:20')])).toBe('33:33:ff:00:00:20');
  });

  test('an ARP packet has the fields of RFC 826 in order', () => {
    const parts = {
      operation: 1,
      senderMac: '02:00:00:00:00:02',
      senderIp: addressBytes('192.0.2.1'),
      targetMac: '00:00:00:00:00:00',
      targetIp: addressBytes('192.0.2.2'),
    };
    expect(arp(parts)).toEqual(hex('0001 0800 06 04 0001 020000000002 c0000201 000000000000 c0000202'));
  });
});

describe('ip', () => {
  test('an IPv4 header has the checksum of the well-known example', () => {
    const packet = ipv4(
      { source: '192.168.0.1', destination: '192.168.0.199', protocol: PROTOCOL.udp, more: false },
      Buffer.alloc(95),
    );
    // The same header with "don't fragment" has b861 (Wikipedia, "Internet checksum"); without that bit it is 0x4000 more.
    expect(packet.subarray(0, 20)).toEqual(hex('45000073 00000000 4011f861 c0a80001 c0a800c7'));
  });

  test('options lengthen the header of IPv4', () => {
    const packet = ipv4({ ...V4, protocol: 1, options: hex('940400 00 01') }, hex('ff'));
    expect(packet[0]).toBe(0x47);
    expect(packet.readUInt16BE(2)).toBe(29);
    expect(checksum(packet.subarray(0, 28))).toBe(0);
  });

  test('fragments of IPv4 have offsets in units of 8 bytes, and only the last has no successor', () => {
    const pieces = ipv4Fragments({ ...V4, protocol: 17, id: 9 }, Buffer.alloc(20), 8);
    expect(pieces.map((piece) => piece.readUInt16BE(6))).toEqual([0x2000, 0x2001, 2]);
    expect(pieces.map((piece) => piece.length)).toEqual([28, 28, 24]);
  });

  test('IPv6 extension headers form a chain, and each is a multiple of 8 bytes', () => {
    const { protocol, payload } = extended([hopByHop(), routing(0, 0, []), destinationOptions()], 17, hex('aa'));
    expect(protocol).toBe(0);
    expect(payload).toEqual(hex('2b00 010400000000 3c00 0000 00000000 1100 010400000000 aa'));
    expect(routing(4, 1, ['2001:db8::1']).bytes(59)).toEqual(
      hex('3b02 0401 00000000 20010db8000000000000000000000001'),
    );
  });

  test('options of odd lengths are padded', () => {
    for (const length of [0, 1, 4, 5, 6, 7, 12]) {
      expect(destinationOptions(Buffer.alloc(length)).bytes(59).length % 8).toBe(0);
    }
  });

  test('fragments of IPv6 have the packet’s own next header', () => {
    const pieces = ipv6Fragments({ ...V6, protocol: 17 }, 5, Buffer.alloc(20), 16);
    expect(pieces.map((piece) => piece.subarray(40, 48))).toEqual([
      hex('1100 0001 00000005'),
      hex('1100 0010 00000005'),
    ]);
    expect(fragment(5, 0, false).bytes(17)).toEqual(hex('1100 0000 00000005'));
  });
});

describe('transport', () => {
  test('transport checksums include the pseudo-header of the family', () => {
    const verify = (ends: typeof V4, protocol: number, body: Buffer): number => {
      const addresses = Buffer.concat([addressBytes(ends.source), addressBytes(ends.destination)]);
      const rest = Buffer.alloc(8);
      rest.writeUInt32BE(body.length, 0);
      rest.writeUInt32BE(protocol, 4);
      return checksum(Buffer.concat([addresses, rest, body]));
    };
    for (const ends of [V4, V6]) {
      const ports = { sourcePort: 4000, port: 53 };
      expect(verify(ends, 17, udp(ends, ports, hex('616263')))).toBe(0);
      expect(verify(ends, 6, tcp(ends, { ...ports, flags: 2 }, hex('61')))).toBe(0);
    }
    expect(verify(V6, 58, icmpv6(V6, 128, 0, hex('00010001'), hex('61')))).toBe(0);
    expect(checksum(icmp(8, 0, hex('00010001'), hex('61')))).toBe(0);
  });

  test('the checksum of SCTP is the CRC32c of the whole packet', () => {
    // The check value of CRC-32C in catalogues of checksums.
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283);
    expect(sctp({ sourcePort: 1, port: 2 }, 1, hex('00')).length % 4).toBe(0);
  });

  test('a VXLAN header has its flag, and the network number in the upper 24 bits', () => {
    expect(vxlan(1, hex('ff'))).toEqual(hex('08000000 00000100 ff'));
  });
});

describe('icmp', () => {
  test('options of neighbour discovery count their length in units of 8 bytes', () => {
    expect(ndOption(1, hex('020000000001'))).toEqual(hex('0101 020000000001'));
    expect(ndOption(253, Buffer.alloc(7))).toHaveLength(16);
  });

  test('the group of a solicitation ends with the last 24 bits of the address', () => {
    expect(solicitedNode('fd00::1:2ab:cdef')).toBe('ff02::1:ffab:cdef');
    expect(ipv6({ ...V6, protocol: 58 }, hex('00')).length).toBe(41);
  });
});
