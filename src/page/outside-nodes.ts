import { parseAddress } from '../policy/cidr.ts';
import type { AddressRange } from '../trace/outside.ts';
import type { OutsideFact } from './entries.ts';

/** Where an address outside is: what people call it. */
export type OutsideKind = 'internet' | 'private' | 'metadata' | 'nodes';

/** Names of the kinds on the map. */
export const OUTSIDE_NAMES: Readonly<Record<OutsideKind, string>> = {
  internet: 'internet',
  private: 'private network',
  metadata: 'cloud metadata',
  nodes: 'nodes',
};

interface Block {
  readonly base: bigint;
  readonly last: bigint;
}

const ipv4 = (text: string, prefix: number): Block => {
  const base = parseAddress(text)?.base ?? 0n;
  return { base, last: base + (1n << BigInt(32 - prefix)) - 1n };
};

/** RFC 1918, RFC 6598, RFC 3927. */
const PRIVATE = [
  ipv4('10.0.0.0', 8),
  ipv4('172.16.0.0', 12),
  ipv4('192.168.0.0', 16),
  ipv4('100.64.0.0', 10),
  ipv4('169.254.0.0', 16),
];

/** Where clouds give each machine its credentials. */
const METADATA = parseAddress('169.254.169.254')?.base ?? 0n;

/** RFC 4193 and RFC 4291, section 2.5.6. */
const isPrivateIpv6 = (base: bigint): boolean => base >> 121n === 0x7en || base >> 118n === 0x3fan;

/** Returns what a range of addresses outside is called. A range that is more than a private network is the internet. */
export const kindOfRange = ({ family, from, to }: AddressRange): OutsideKind => {
  if (family === 'ipv6') return isPrivateIpv6(from) && isPrivateIpv6(to) ? 'private' : 'internet';
  if (from === METADATA && to === METADATA) return 'metadata';
  return PRIVATE.some(({ base, last }) => from >= base && to <= last) ? 'private' : 'internet';
};

/** Finds the node of the map that an address outside belongs to. */
export interface OutsideFinder {
  /** Returns `outside/internet`, or `outside/NAME` of a machine that has a name. */
  idOf(address: string): string;
  nameOf(id: string): string;
}

export const outsideId = (name: string): string => `outside/${name}`;

/** @param nodeAddresses addresses of the cluster's nodes */
export const createOutsideFinder = (
  machines: readonly OutsideFact[],
  nodeAddresses: ReadonlySet<string>,
): OutsideFinder => {
  const named = new Map(machines.flatMap(({ name, ips }) => ips.map((ip) => [ip, name] as const)));
  const kindAt = (address: string): OutsideKind => {
    if (nodeAddresses.has(address)) return 'nodes';
    const parsed = parseAddress(address);
    return parsed === undefined
      ? 'internet'
      : kindOfRange({ family: parsed.family, from: parsed.base, to: parsed.base });
  };
  return {
    idOf: (address) => outsideId(named.get(address) ?? OUTSIDE_NAMES[kindAt(address)]),
    nameOf: (id) => id.slice(outsideId('').length),
  };
};
