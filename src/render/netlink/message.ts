/**
 * Netlink messages of the netfilter subsystems (netlink(7), NETLINK_NETFILTER): nlmsghdr, nfgenmsg and attributes
 * (linux/netlink.h, linux/netfilter/nfnetlink.h). Headers are in the machine's byte order, the values of netfilter's
 * attributes in network byte order.
 */

/** A request to a subsystem. */
export interface NetlinkRequest {
  /** Subsystem << 8 | command, as NFNL_SUBSYS_IPSET and IPSET_CMD_LIST. */
  readonly type: number;
  /** `dump` for all objects, `ack` for a change that the kernel confirms (NLM_F_DUMP, NLM_F_ACK). */
  readonly answer: 'dump' | 'ack';
  /** nfgen_family: AF_INET 2, AF_INET6 10, 0 for none. */
  readonly family: number;
  /** res_id of nfgenmsg: the NFLOG group; 0 if absent. */
  readonly resource?: number;
  /** Creates a new object; fails with EEXIST if it exists (NLM_F_CREATE, NLM_F_EXCL). */
  readonly creates?: true;
  readonly attributes: readonly Uint8Array[];
  /** The subsystem of a change that the kernel accepts only as a transaction (NFNL_MSG_BATCH_BEGIN). */
  readonly transactionOf?: number;
}

/** One message of the kernel. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The content after nlmsghdr; of netfilter's messages nfgenmsg and attributes. */
  readonly body: DataView;
}

/** An attribute (struct nlattr); its type is without the flags for nested and network byte order. */
export interface NetlinkAttribute {
  readonly type: number;
  readonly value: DataView;
}

const HEADER_BYTES = 16;
const NFGENMSG_BYTES = 4;
const ATTRIBUTE_BYTES = 4;
const NESTED = 0x8000;
const NET_BYTE_ORDER = 0x4000;
const TYPE_MASK = 0x3fff;
const REQUEST = 0x1;
const ANSWER_FLAGS = { ack: 0x4, dump: 0x300 } as const;
const CREATE_FLAGS = 0x600;

/** NLMSG_NOOP, NLMSG_ERROR, also the acknowledgement, and NLMSG_DONE. */
export const NOOP_TYPE = 1;
export const ERROR_TYPE = 2;
export const DONE_TYPE = 3;
/** NLM_F_MULTI: more messages follow. NLM_F_DUMP_INTR: the objects changed during the dump, which may be inconsistent. */
export const MULTI_FLAG = 0x2;
export const INTERRUPTED_FLAG = 0x10;

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const padded = (length: number): number => (length + 3) & ~3;

const concatenated = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** Returns the number in network byte order. */
export const bigEndian = (value: number, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, at) => Math.floor(value / 2 ** (8 * (bytes - 1 - at))) % 256);

/** Returns the text with the closing NUL that the kernel needs (NLA_NUL_STRING). */
export const zeroTerminated = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

const withHeader = (type: number, value: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(padded(ATTRIBUTE_BYTES + value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ATTRIBUTE_BYTES + value.length, LITTLE_ENDIAN);
  view.setUint16(2, type, LITTLE_ENDIAN);
  bytes.set(value, ATTRIBUTE_BYTES);
  return bytes;
};

export const attribute = (type: number, value: Uint8Array): Uint8Array => withHeader(type, value);

/** Returns an attribute whose type has NLA_F_NET_BYTEORDER. */
export const networkAttribute = (type: number, value: Uint8Array): Uint8Array =>
  withHeader(type | NET_BYTE_ORDER, value);

export const nest = (type: number, attributes: readonly Uint8Array[]): Uint8Array =>
  withHeader(type | NESTED, concatenated(attributes));

/** NFNL_MSG_BATCH_BEGIN and NFNL_MSG_BATCH_END (linux/netfilter/nfnetlink.h). */
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;

interface MessageHeader {
  readonly type: number;
  readonly flags: number;
  readonly family: number;
  /** res_id of nfgenmsg: the subsystem of a transaction, or the group of NFLOG. */
  readonly resource: number;
}

const encodeMessage = (header: MessageHeader, attributes: readonly Uint8Array[], sequence: number): Uint8Array => {
  const bytes = concatenated([new Uint8Array(HEADER_BYTES + NFGENMSG_BYTES), ...attributes]);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, LITTLE_ENDIAN);
  view.setUint16(4, header.type, LITTLE_ENDIAN);
  view.setUint16(6, header.flags, LITTLE_ENDIAN);
  view.setUint32(8, sequence, LITTLE_ENDIAN);
  view.setUint8(HEADER_BYTES, header.family);
  view.setUint16(HEADER_BYTES + 2, header.resource);
  return bytes;
};

/** Encodes the request: one message, or a transaction with it. */
export const encodeRequest = (request: NetlinkRequest, sequence: number): Uint8Array => {
  const { type, answer, family, attributes, resource = 0, creates, transactionOf } = request;
  const flags = REQUEST | ANSWER_FLAGS[answer] | (creates === true ? CREATE_FLAGS : 0);
  const message = encodeMessage({ type, flags, family, resource }, attributes, sequence);
  if (transactionOf === undefined) return message;
  const edge = (of: number): Uint8Array =>
    encodeMessage({ type: of, flags: REQUEST, family: 0, resource: transactionOf }, [], sequence);
  return concatenated([edge(BATCH_BEGIN), message, edge(BATCH_END)]);
};

/** Splits the result of one recv(2). @throws RangeError if it is cut off */
export const decodeMessages = (bytes: Uint8Array): readonly NetlinkMessage[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = view.getUint32(at, LITTLE_ENDIAN);
    if (length < HEADER_BYTES || at + length > bytes.length) throw new RangeError('netlink: a message is cut off');
    messages.push({
      type: view.getUint16(at + 4, LITTLE_ENDIAN),
      flags: view.getUint16(at + 6, LITTLE_ENDIAN),
      sequence: view.getUint32(at + 8, LITTLE_ENDIAN),
      body: new DataView(bytes.buffer, bytes.byteOffset + at + HEADER_BYTES, length - HEADER_BYTES),
    });
    at += padded(length);
  }
  return messages;
};

/** Returns the error number of NLMSG_ERROR or NLMSG_DONE, negative as in the kernel, 0 for an acknowledgement. */
export const errorCode = ({ body }: NetlinkMessage): number =>
  body.byteLength < 4 ? 0 : body.getInt32(0, LITTLE_ENDIAN);

const attributesFrom = (view: DataView, from: number): readonly NetlinkAttribute[] => {
  const found: NetlinkAttribute[] = [];
  for (let at = from; at + ATTRIBUTE_BYTES <= view.byteLength; ) {
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < ATTRIBUTE_BYTES || at + length > view.byteLength)
      throw new RangeError('netlink: an attribute is cut off');
    found.push({
      type: view.getUint16(at + 2, LITTLE_ENDIAN) & TYPE_MASK,
      value: new DataView(view.buffer, view.byteOffset + at + ATTRIBUTE_BYTES, length - ATTRIBUTE_BYTES),
    });
    at += padded(length);
  }
  return found;
};

/** Returns the attributes of a netfilter message. @throws RangeError if it is cut off */
export const attributesOf = ({ body }: NetlinkMessage): readonly NetlinkAttribute[] =>
  attributesFrom(body, NFGENMSG_BYTES);

/** Returns the nested attributes. @throws RangeError if they are cut off */
export const nestedIn = ({ value }: NetlinkAttribute): readonly NetlinkAttribute[] => attributesFrom(value, 0);

/** Returns the text of an attribute, up to its closing NUL. */
export const textOf = ({ value }: NetlinkAttribute): string => {
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const end = bytes.indexOf(0);
  return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end));
};

/** Returns an attribute's number of 1, 2 or 4 bytes in network byte order. */
export const numberOf = ({ value }: NetlinkAttribute): number => {
  switch (value.byteLength) {
    case 1:
      return value.getUint8(0);
    case 2:
      return value.getUint16(0);
    default:
      return value.getUint32(0);
  }
};
