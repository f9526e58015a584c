/** Ethernet frames as hexadecimal digits, for pods that send what no socket would. */

const hex = (value: number | bigint, bytes: number): string => value.toString(16).padStart(2 * bytes, '0');

export const macHex = (mac: string): string => mac.replaceAll(':', '');

const ipv4Hex = (address: string): string =>
  address
    .split('.')
    .map((part) => hex(Number(part), 1))
    .join('');

const ipv6Hex = (address: string): string => {
  const [head = '', tail] = address.split('::');
  const words = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const before = words(head);
  const after = words(tail ?? '');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((word) => word.padStart(4, '0')).join('');
};

const checksum = (text: string): string => {
  let sum = (text.match(/.{4}/g) ?? []).reduce((total, word) => total + Number.parseInt(word, 16), 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return hex(sum ^ 0xffff, 2);
};

export interface Ends {
  /** MACs of sender and receiver. */
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly destination: string;
}

export const ethernet = ({ from, to }: Pick<Ends, 'from' | 'to'>, type: string, payload: string): string =>
  `${macHex(to)}${macHex(from)}${type}${payload}`;

/** Returns UDP from port 5 to port 9 without a checksum (IPv4) that carries one byte as its mark. */
const udp = (mark: number): string => `00050009000a0000${hex(mark, 2)}`;

const ipv4 = (source: string, destination: string, payload: string): string => {
  const head = (sum: string): string =>
    `4500${hex(20 + payload.length / 2, 2)}000000004011${sum}${ipv4Hex(source)}${ipv4Hex(destination)}`;
  return head(checksum(head('0000'))) + payload;
};

const ipv6 = (source: string, destination: string, next: string, limit: number, payload: string): string =>
  `60000000${hex(payload.length / 2, 2)}${next}${hex(limit, 1)}${ipv6Hex(source)}${ipv6Hex(destination)}${payload}`;

export const udp4 = (ends: Ends, mark = 1): string =>
  ethernet(ends, '0800', ipv4(ends.source, ends.destination, udp(mark)));

/** Returns the same in IPv6; its checksum is wrong, which only its receiver would notice. */
export const udp6 = (ends: Ends, mark = 1): string =>
  ethernet(ends, '86dd', ipv6(ends.source, ends.destination, '11', 64, `00050009000a0001${hex(mark, 2)}`));

/** Returns IPv4 within tags of 802.1Q or 802.1ad. */
export const tagged = (ends: Ends, tags: readonly string[]): string =>
  ethernet(
    ends,
    tags[0] ?? '',
    tags.map((_, at) => `0000${tags[at + 1] ?? '0800'}`).join('') + ipv4(ends.source, ends.destination, udp(2)),
  );

/** @param padding bytes after the message */
export const arp = (
  ends: Ends,
  operation: 'request' | 'reply',
  { hardware = ends.from, padding = 0 }: { readonly hardware?: string; readonly padding?: number } = {},
): string =>
  ethernet(
    ends,
    '0806',
    `000108000604000${operation === 'request' ? 1 : 2}${macHex(hardware)}${ipv4Hex(ends.source)}000000000000${ipv4Hex(ends.destination)}${'aa'.repeat(padding)}`,
  );

/** Returns ICMPv6; the rest of the message follows type and code. */
export const icmp6 = (ends: Ends, type: number, rest: string, limit = 255): string => {
  const message = (sum: string): string => `${hex(type, 1)}00${sum}${rest}`;
  const length = message('0000').length / 2;
  const pseudo = `${ipv6Hex(ends.source)}${ipv6Hex(ends.destination)}${hex(length, 4)}0000003a`;
  return ethernet(
    ends,
    '86dd',
    ipv6(ends.source, ends.destination, '3a', limit, message(checksum(pseudo + message('0000')))),
  );
};

export const solicitation = (ends: Ends, target: string, limit = 255, more = ''): string =>
  icmp6(ends, 135, `00000000${ipv6Hex(target)}0101${macHex(ends.from)}${more}`, limit);

export const advertisement = (ends: Ends, target: string, limit = 255): string =>
  icmp6(ends, 136, `60000000${ipv6Hex(target)}0201${macHex(ends.from)}`, limit);
