import type { IpFamily } from '../../model/family.ts';
import type { ObservedSet } from '../observed.ts';
import {
  attribute,
  attributesOf,
  bigEndian,
  nestedIn,
  networkAttribute,
  type NetlinkAttribute,
  type NetlinkMessage,
  type NetlinkRequest,
  numberOf,
  textOf,
  zeroTerminated,
} from './message.ts';
import { addressText, bytesOf } from '../address-text.ts';

/** NFNL_SUBSYS_IPSET and IPSET_CMD_LIST (linux/netfilter/ipset/ip_set.h, enum ipset_cmd). */
const LIST = (6 << 8) | 7;
const PROTOCOL = 6;
const AF_INET = 2;
const AF_INET6 = 10;
/** Attributes of a message (enum ipset_attr). */
const ATTRIBUTE = { protocol: 1, name: 2, type: 3, family: 5, flags: 6, data: 7, members: 8 } as const;
/** Attributes nested in `data`, of a set and of a member. */
const DATA = { ip: 1, cidr: 3, port: 4, protocol: 7, seed: 17, room: 19, ip2: 20, entries: 24 } as const;
/** The part of each set that a list contains (enum ipset_cmd_flags). */
const LIST_FLAG = { names: 2, headers: 4 } as const;

/** Protocol names in a member's port as ipset(8) prints them; it prints other protocols by number. */
const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmpv6'],
  [132, 'sctp'],
  [136, 'udplite'],
]);

/** A set's header. */
export interface SetHeader extends Omit<ObservedSet, 'members'> {
  readonly name: string;
  readonly entries: number;
  /** Chosen at random when a set is made: a different seed means that the set was re-created or swapped. */
  readonly seed: number;
}

const PROTOCOL_ATTRIBUTE = attribute(ATTRIBUTE.protocol, bigEndian(PROTOCOL, 1));

const listRequest = (...attributes: readonly Uint8Array[]): NetlinkRequest => ({
  type: LIST,
  answer: 'dump',
  family: AF_INET,
  attributes: [PROTOCOL_ATTRIBUTE, ...attributes],
});

const nameAttribute = (name: string): Uint8Array => attribute(ATTRIBUTE.name, zeroTerminated(name));

const flagAttribute = (flag: keyof typeof LIST_FLAG): Uint8Array =>
  networkAttribute(ATTRIBUTE.flags, bigEndian(LIST_FLAG[flag], 4));

/** Requests the names of all sets. */
export const NAMES_REQUEST: NetlinkRequest = listRequest(flagAttribute('names'));

/** Requests the headers of all sets without members. The kernel counts the members for it. */
export const HEADERS_REQUEST: NetlinkRequest = listRequest(flagAttribute('headers'));

/** Requests the header of one set. */
export const headerRequest = (name: string): NetlinkRequest =>
  listRequest(nameAttribute(name), flagAttribute('headers'));

/** Requests one set with all its members. */
export const membersRequest = (name: string): NetlinkRequest => listRequest(nameAttribute(name));

const find = (attributes: readonly NetlinkAttribute[], type: number): NetlinkAttribute | undefined =>
  attributes.find((each) => each.type === type);

const numberIn = (attributes: readonly NetlinkAttribute[], type: number): number => {
  const found = find(attributes, type);
  return found === undefined ? 0 : numberOf(found);
};

/** Returns the name of the set that a message is about. */
export const nameIn = (message: NetlinkMessage): string => {
  const name = find(attributesOf(message), ATTRIBUTE.name);
  return name === undefined ? '' : textOf(name);
};

/** Reads the header of a set; undefined if the message has none, like the further messages of a large set. */
export const headerIn = (message: NetlinkMessage): SetHeader | undefined => {
  const attributes = attributesOf(message);
  const [name, type, data] = [ATTRIBUTE.name, ATTRIBUTE.type, ATTRIBUTE.data].map((each) => find(attributes, each));
  if (name === undefined || type === undefined || data === undefined) return undefined;
  const details = nestedIn(data);
  const family: IpFamily = numberIn(attributes, ATTRIBUTE.family) === AF_INET6 ? 'ipv6' : 'ipv4';
  return {
    name: textOf(name),
    type: textOf(type),
    family,
    maxElements: numberIn(details, DATA.room),
    entries: numberIn(details, DATA.entries),
    seed: numberIn(details, DATA.seed),
  };
};

const addressIn = (attributeOfIp: NetlinkAttribute): string => {
  const [ip] = nestedIn(attributeOfIp);
  return ip === undefined ? '' : addressText(bytesOf(ip.value));
};

/** Formats a member as `ipset save` does: ADDRESS, ADDRESS/PREFIX, ADDRESS,PROTOCOL:PORT or ADDRESS,PROTOCOL:PORT,ADDRESS. */
const memberText = (attributes: readonly NetlinkAttribute[], family: IpFamily): string => {
  let text = '';
  let prefix: number | undefined;
  let port: number | undefined;
  let protocol = 0;
  let second: string | undefined;
  for (const each of attributes) {
    if (each.type === DATA.ip) text = addressIn(each);
    else if (each.type === DATA.cidr) prefix = numberOf(each);
    else if (each.type === DATA.port) port = numberOf(each);
    else if (each.type === DATA.protocol) protocol = numberOf(each);
    else if (each.type === DATA.ip2) second = addressIn(each);
  }
  if (prefix !== undefined && prefix !== (family === 'ipv4' ? 32 : 128)) text += `/${prefix}`;
  if (port !== undefined) text += `,${PROTOCOL_NAMES.get(protocol) ?? protocol}:${port}`;
  return second === undefined ? text : `${text},${second}`;
};

/** Returns the members in a message in the format of `ipset save`, with IPv6 addresses as RFC 5952 text. */
export const membersIn = (message: NetlinkMessage, family: IpFamily): readonly string[] => {
  const members = find(attributesOf(message), ATTRIBUTE.members);
  return members === undefined ? [] : nestedIn(members).map((member) => memberText(nestedIn(member), family));
};
