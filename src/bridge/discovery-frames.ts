import { parseAddress } from '../policy/cidr.ts';

/** A question to all ports of a bridge: which one has the target? */
export interface Question {
  /** The node's MAC and address on the bridge. */
  readonly mac: string;
  readonly from: string;
  readonly target: string;
}

const hex = (value: bigint | number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0');

const macHex = (mac: string): string => mac.replaceAll(':', '');

const addressHex = (text: string): string => {
  const parsed = parseAddress(text);
  return parsed === undefined ? '' : hex(parsed.base, parsed.family === 'ipv4' ? 4 : 16);
};

/** Returns the ones' complement sum of the words (RFC 1071). */
const checksum = (text: string): string => {
  let sum = (text.match(/.{4}/g) ?? []).reduce((total, word) => total + Number.parseInt(word, 16), 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return hex(sum ^ 0xffff, 2);
};

/** Returns an ARP request (RFC 826) in an Ethernet broadcast frame. */
const arpRequest = ({ mac, from, target }: Question): string =>
  [
    'ffffffffffff',
    macHex(mac),
    '0806',
    '0001',
    '0800',
    '06',
    '04',
    '0001',
    macHex(mac),
    addressHex(from),
    '000000000000',
  ]
    .concat(addressHex(target))
    .join('');

/**
 * Returns a neighbour solicitation (RFC 4861, 4.3). It goes to all nodes instead of the target's own group: bridges that know
 * the groups' members would send the latter only to these, and would not reach a spoofing pod.
 */
const neighbourSolicitation = ({ mac, from, target }: Question): string => {
  const destination = addressHex('ff02::1');
  const option = `0101${macHex(mac)}`;
  const length = 24 + option.length / 2;
  const message = (sum: string): string => `8700${sum}00000000${addressHex(target)}${option}`;
  const pseudo = `${addressHex(from)}${destination}${hex(length, 4)}0000003a`;
  const sum = checksum(`${pseudo}${message('0000')}`);
  return [
    `333300000001${macHex(mac)}86dd`,
    '60000000',
    hex(length, 2),
    '3aff',
    addressHex(from),
    destination,
    message(sum),
  ].join('');
};

/** Returns the frame that asks, in hexadecimal digits. */
export const discoveryFrame = (question: Question): string =>
  question.target.includes(':') ? neighbourSolicitation(question) : arpRequest(question);
