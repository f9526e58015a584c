import { expect, test } from '@jest/globals';
import type { TrackedConnection } from '../../../src/model/connection.ts';
import { conntrackDelete as requestOf } from '../../../src/render/netlink/conntrack-delete.ts';
import { encodeRequest } from '../../../src/render/netlink/message.ts';

const tuple = (source: string, sourcePort: number, destination: string, destinationPort: number) => ({
  source,
  sourcePort,
  destination,
  destinationPort,
  icmp: undefined,
  zone: 0,
});

const UDP: TrackedConnection = {
  family: 'ipv4',
  protocol: 17,
  original: tuple('10.0.0.1', 5555, '10.0.0.2', 53),
  reply: tuple('10.0.0.2', 53, '10.0.0.1', 5555),
  zone: 0,
  id: 0x0102_0304,
};

const conntrackDelete = (connection: TrackedConnection): string =>
  Buffer.from(encodeRequest(requestOf(connection), 0)).toString('hex');

/** The text is that of a little-endian machine, like all that Kubernetes supports except s390x. */
test('the delete request contains tuple and identity', () => {
  expect(conntrackDelete(UDP)).toBe(
    [
      '50000000' + '0201' + '0500' + '00000000' + '00000000', // 80 bytes, delete, request with acknowledgement
      '02000000', // AF_INET
      '3400' + '0180', // the original tuple, 52 bytes
      '1400' + '0180' + '0800' + '0100' + '0a000001' + '0800' + '0200' + '0a000002',
      '1c00' + '0280' + '0500' + '0100' + '11000000' + '0600' + '0200' + '15b30000' + '0600' + '0300' + '00350000',
      '0800' + '0c00' + '01020304', // identity
    ].join(''),
  );
});

test('the delete request contains the zones of the connection and of its original direction', () => {
  expect(conntrackDelete({ ...UDP, zone: 7 })).toContain('0600' + '1200' + '00070000' + '08000c00');
  expect(conntrackDelete({ ...UDP, original: { ...UDP.original, zone: 3 } })).toContain(
    '3c00' + '0180' + '14000180', // eight bytes more in the tuple
  );
  expect(conntrackDelete({ ...UDP, original: { ...UDP.original, zone: 3 } })).toContain(
    '06000300' + '00350000' + '0600' + '0300' + '00030000' + '08000c00',
  );
});

test('the delete request contains the query of ICMPv6', () => {
  const icmp = { type: 128, code: 0, id: 77 };
  const original = { ...tuple('fd00::1', 0, 'fd00::2', 0), icmp };
  expect(conntrackDelete({ ...UDP, family: 'ipv6', protocol: 58, original })).toContain(
    [
      '0a000000',
      '5400' + '0180',
      '2c00' + '0180' + '1400' + '0300' + `fd${'0'.repeat(29)}1` + '1400' + '0400' + `fd${'0'.repeat(29)}2`,
      '2400' + '0280' + '0500' + '0100' + '3a000000' + '0600' + '0700' + '004d0000',
      '0500' + '0800' + '80000000' + '0500' + '0900' + '00000000',
    ].join(''),
  );
});
