import type { NodeLinks, Tunnel } from '../model/node-links.ts';
import type { TunnelProtocol } from '../model/node-network.ts';
import { formatAddress, parseAddress } from '../policy/cidr.ts';

type Json = Readonly<Record<string, unknown>>;

const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const addressOf = (value: unknown): string | undefined => {
  const address = parseAddress(textOf(value) ?? '');
  return address === undefined ? undefined : formatAddress(address);
};

/** Returns the first value that is an address and not "any". */
const firstAddress = (...values: readonly unknown[]): string | undefined =>
  values.map(addressOf).find((address) => address !== undefined && address !== '0.0.0.0' && address !== '::');

/** Default UDP ports: RFC 8926 for Geneve, RFC 7348 for VXLAN. */
const GENEVE_PORT = 6081;
const VXLAN_PORT = 4789;
/** The WireGuard ports of network plugins: ip-link(8) does not report the port. */
const WIREGUARD_PORTS: readonly number[] = [51_820, 51_821, 51_871];

/** Protocols of tunnels without ports, by kind of interface (ip-link(8)). */
const PROTOCOLS: Readonly<Record<string, readonly TunnelProtocol[]>> = {
  ipip: ['ipencap'],
  sit: ['ipv6', 'ipencap'],
  ip6tnl: ['ipencap', 'ipv6'],
  gre: ['gre'],
  gretap: ['gre'],
  erspan: ['gre'],
  ip6gre: ['gre'],
  ip6gretap: ['gre'],
  ip6erspan: ['gre'],
};

type Ends = Pick<Tunnel, 'ports' | 'protocols' | 'openBecause'>;

const portOf = (data: Json, usual: number): readonly number[] => [
  typeof data['port'] === 'number' && data['port'] > 0 ? data['port'] : usual,
];

/** Returns why a VXLAN may have peers that are not in its forwarding table: it learns them, or gets them from elsewhere. */
const vxlanOpen = (data: Json): string | undefined => {
  if (data['external'] === true) return 'a program decides on its peers';
  if (data['learning'] !== false) return 'it learns its peers from what it receives';
  return firstAddress(data['group'], data['group6']) === undefined ? undefined : 'it has a group of peers';
};

const endsOf = (kind: string, data: Json): Ends | undefined => {
  switch (kind) {
    case 'vxlan':
      return { ports: portOf(data, VXLAN_PORT), protocols: [], openBecause: vxlanOpen(data) };
    case 'geneve':
      return { ports: portOf(data, GENEVE_PORT), protocols: [], openBecause: 'its peers are not known' };
    case 'wireguard':
      return { ports: WIREGUARD_PORTS, protocols: [], openBecause: 'it knows its peers by their keys' };
    default: {
      const protocols = PROTOCOLS[kind];
      return protocols && { ports: [], protocols, openBecause: 'its peers are not known' };
    }
  }
};

const linkOf = (value: unknown) => {
  const link = objectOf(value);
  const info = objectOf(link['linkinfo']);
  return {
    device: textOf(link['ifname']) ?? '',
    kind: textOf(info['info_kind']) ?? '',
    data: objectOf(info['info_data']),
    flags: listOf(link['flags']),
    addresses: listOf(link['addr_info']).map(objectOf),
  };
};

const addressesOf = ({ kind, flags, addresses }: ReturnType<typeof linkOf>): readonly string[] =>
  kind === 'dummy' || flags.includes('LOOPBACK')
    ? []
    : addresses.flatMap(({ scope, local }) => (scope === 'link' || scope === 'host' ? [] : (addressOf(local) ?? [])));

const tunnelOf = ({ device, kind, data, flags }: ReturnType<typeof linkOf>): readonly Tunnel[] => {
  const ends = endsOf(kind, data);
  // The kernel itself creates one interface per protocol (tunl0, sit0), which is down if nothing uses it.
  if (ends === undefined || (ends.ports.length === 0 && !flags.includes('UP'))) return [];
  const remote = firstAddress(data['remote'], data['remote6']);
  const local = firstAddress(data['local'], data['local6']);
  return [{ device, ...ends, local, peers: remote === undefined ? [] : [remote] }];
};

/** Parses the output of `ip -d -j address show`. @throws for invalid JSON */
export const parseLinks = (text: string): NodeLinks => {
  const links = listOf(JSON.parse(text)).map(linkOf);
  return {
    addresses: [...new Set(links.flatMap(addressesOf))].sort(),
    bridges: new Set(links.filter(({ kind }) => kind === 'bridge').map(({ device }) => device)),
    tunnels: links.flatMap(tunnelOf),
  };
};

/** Returns the peers of a VXLAN from the output of `bridge -j fdb show dev DEVICE`. @throws for invalid JSON */
export const parseTunnelPeers = (text: string): readonly string[] => [
  ...new Set(listOf(JSON.parse(text)).flatMap((entry) => firstAddress(objectOf(entry)['dst']) ?? [])),
];
