import { macBytes, padTo, u16, u8 } from './bytes.ts';

/** EtherTypes, as the IEEE and RFC 9542 assign them. */
export const ETHER = {
  ipv4: 0x0800,
  arp: 0x0806,
  reverseArp: 0x8035,
  ipv6: 0x86dd,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
  oldDoubleVlan: 0x9100,
  pppoe: 0x8864,
  mpls: 0x8847,
  eapol: 0x888e,
  lldp: 0x88cc,
  macsec: 0x88e5,
  experimental: 0x88b5,
  loopback: 0x9000,
  bridging: 0x6558,
  nonsense: 0x4242,
} as const;

export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff';

/** A tag of 802.1Q: the type that announces it, and its VLAN number. */
export interface Tag {
  readonly type: number;
  readonly vlan: number;
}

/** A frame of Ethernet II. `tags` starts with the outermost one. */
export interface EthernetParts {
  readonly to: string;
  readonly from: string;
  readonly type: number;
  readonly tags?: readonly Tag[];
}

export const ethernet = ({ to, from, type, tags = [] }: EthernetParts, payload: Buffer): Buffer =>
  Buffer.concat([macBytes(to), macBytes(from), ...tags.map((tag) => u16(tag.type, tag.vlan)), u16(type), payload]);

/** Returns an 802.3 frame, whose type field is its length, with a header of 802.2 (LLC). */
export const llc = (to: string, from: string, sap: number, payload: Buffer): Buffer => {
  const body = Buffer.concat([u8(sap, sap, 3), payload]);
  return Buffer.concat([macBytes(to), macBytes(from), u16(body.length), body]);
};

/** Returns an 802.3 frame with a SNAP header (RFC 1042): an organisation's number of 24 bits, and its own type. */
export const snap = (to: string, from: string, organisation: number, type: number, payload: Buffer): Buffer =>
  llc(
    to,
    from,
    0xaa,
    Buffer.concat([u8(organisation >>> 16, (organisation >>> 8) & 0xff, organisation & 0xff), u16(type), payload]),
  );

/** Returns the multicast hardware address of an IP group (RFC 1112, 6.4; RFC 2464, 7). */
export const groupMac = (group: readonly number[]): string => {
  const bytes =
    group.length === 4
      ? [0x01, 0x00, 0x5e, (group[1] ?? 0) & 0x7f, group[2] ?? 0, group[3] ?? 0]
      : [0x33, 0x33, ...group.slice(12)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
};

/** Fields of ARP (RFC 826). */
export interface ArpParts {
  /** 1 is a request, 2 a reply. */
  readonly operation: number;
  readonly senderMac: string;
  readonly senderIp: Buffer;
  readonly targetMac: string;
  readonly targetIp: Buffer;
}

/** Returns an ARP packet for IPv4 on Ethernet; `padding` follows the fields of ARP. */
export const arp = (parts: ArpParts, padding: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([
    u16(1, ETHER.ipv4),
    u8(6, 4),
    u16(parts.operation),
    macBytes(parts.senderMac),
    parts.senderIp,
    macBytes(parts.targetMac),
    parts.targetIp,
    padTo(padding, 2),
  ]);
