import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import type { FakeHost } from '../support/fake-kernel/host.ts';
import type { TrackedConnection, WalkedPacket } from '../support/tracer/packet.ts';
import { walk } from '../support/tracer/tracer.ts';
import type { PacketRow } from './packet-table.ts';

/** One end of a packet. `node` is its node, undefined outside of the cluster. */
export interface End {
  readonly address: string;
  readonly node: string | undefined;
  /** Whether the end is the node itself. */
  readonly isNode: boolean;
}

const isFamily =
  (six: boolean) =>
  (address: string): boolean =>
    address.includes(':') === six;

const required = (address: string | undefined, name: string): string => {
  if (address === undefined) throw new Error(`${name} has no address`);
  return address;
};

/** Returns the end that a row of packets.txt names. `six` selects IPv6 if there are both. */
const findEnd = ({ pods }: ClusterSnapshot, name: string, preferSix: boolean): End => {
  const [bare = name, six] = name.split('@');
  const inFamily = (addresses: readonly string[]): string | undefined =>
    addresses.find(isFamily(six === '6' || preferSix)) ?? addresses[0];
  const [kind, node = ''] = bare.split('/');
  if (kind === 'node') {
    const guest = [...pods.values()].find((pod) => pod.node === node);
    return { address: required(inFamily(guest?.hostIPs ?? []), name), node, isNode: true };
  }
  if (bare.includes('/')) {
    const pod = pods.get(bare);
    return { address: required(inFamily(pod?.ips ?? []), name), node: pod?.node, isNode: false };
  }
  const owner = [...pods.values()].find((pod) => pod.ips.includes(bare));
  return { address: bare, node: owner?.node, isNode: false };
};

/** Returns both ends of the row. */
export const endsOf = (
  snapshot: ClusterSnapshot,
  { from, to }: PacketRow,
): { readonly from: End; readonly to: End } => {
  const bySix = [from, to].some((name) => !name.includes('/') && name.includes(':'));
  return { from: findEnd(snapshot, from, bySix), to: findEnd(snapshot, to, bySix) };
};

/** The required hop limit of listener discovery, and of neighbour discovery (RFC 2710, RFC 4861). */
const linkHopLimit = (type: number): number => ([130, 131, 132, 143].includes(type) ? 1 : 255);

/** Returns the connection that the row names; none for `raw`; undefined for the packet's own. */
const connectionOf = (snapshot: ClusterSnapshot, row: PacketRow, from: End, to: End): TrackedConnection | undefined => {
  if (row.trait === 'raw') return { client: from.address, asked: to.address, server: to.address };
  if (row.about === undefined) return undefined;
  const six = from.address.includes(':');
  const [client, server] = row.about.map((name) => findEnd(snapshot, name, six).address);
  if (client === undefined || server === undefined) throw new Error(`no connection in ${row.text}`);
  return { client, asked: client === server ? 'a ClusterIP' : server, server };
};

const packetOf = (snapshot: ClusterSnapshot, row: PacketRow, from: End, to: End): WalkedPacket => {
  const { protocol, number, trait } = row;
  const connection = connectionOf(snapshot, row, from, to);
  const isIcmp = protocol === 'icmp' || protocol === 'ipv6-icmp';
  return {
    source: from.address,
    destination: to.address,
    protocol,
    ...(connection === undefined ? {} : { connection }),
    ...(number === undefined ? {} : isIcmp ? { type: number } : { port: number }),
    ...(trait === 'stray' || trait === 'established' ? { state: trait } : {}),
    ...(trait === 'about' ? { state: 'related' } : {}),
    ...(trait === 'link' ? { hopLimit: linkHopLimit(number ?? 0) } : {}),
  };
};

/**
 * Sends the packet of a row through the nodes on its path: out of the source's node, into the destination's. A node's
 * own packets leave by OUTPUT; packets to a node itself never pass FORWARD there.
 */
export const walkCluster = (
  hosts: ReadonlyMap<string, FakeHost>,
  snapshot: ClusterSnapshot,
  row: PacketRow,
): 'allow' | 'deny' => {
  const { from, to } = endsOf(snapshot, row);
  const packet = packetOf(snapshot, row, from, to);
  const passes = (node: string | undefined, seen: WalkedPacket): boolean => {
    const host = node === undefined ? undefined : hosts.get(node);
    return host === undefined || walk(host, seen).verdict === 'accept';
  };
  const atSource: WalkedPacket =
    from.isNode || row.trait === 'output' ? { ...packet, hook: 'OUTPUT', localSource: from.isNode } : packet;
  const leaves = to.isNode && to.node === from.node ? true : passes(from.node, atSource);
  const arrives = to.isNode || to.node === from.node ? true : passes(to.node, packet);
  return leaves && arrives ? 'allow' : 'deny';
};
