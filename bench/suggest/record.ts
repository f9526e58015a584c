import type { Random } from '../../chaos/random.ts';
import type { LoadedManifests } from '../../src/cluster/manifest/assemble.ts';
import type { Connection } from '../../src/model/connection.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createAllowedFinder } from '../../src/records/allowed.ts';
import { createFormerAddresses } from '../../src/records/former-addresses.ts';
import { edgeKey } from '../../src/records/record.ts';
import { createFlowStore } from '../../src/records/store.ts';
import type { Opening } from './traffic.ts';

const LOOK_MS = 60_000;
/** Times after which conntrack forgets what has ended: TCP in TIME_WAIT, a UDP exchange of two packets (kernel defaults). */
const KEPT_MS = { TCP: 120_000, UDP: 30_000, SCTP: 120_000 } as const;
const NUMBER = { TCP: 6, UDP: 17, SCTP: 132 } as const;
const CLIENT_PORTS = { from: 32_768, count: 28_232 };
/** Connections that the kernel picked up in their middle, from a packet of the server, so that it takes the ends for each other. */
const EXCHANGED = 0.01;

const connectionOf = ({ from, to, protocol, port }: Opening, random: Random): Connection => {
  const clientPort = CLIENT_PORTS.from + random.below(CLIENT_PORTS.count);
  const isExchanged = protocol === 'TCP' && random.chance(EXCHANGED);
  const [source, destination] = isExchanged ? [to, from] : [from, to];
  const [sourcePort, destinationPort] = isExchanged ? [port, clientPort] : [clientPort, port];
  const common = { icmp: undefined, zone: 0 };
  return {
    family: 'ipv4',
    protocol: NUMBER[protocol],
    original: { ...common, source, destination, sourcePort, destinationPort },
    reply: {
      ...common,
      source: destination,
      destination: source,
      sourcePort: destinationPort,
      destinationPort: sourcePort,
    },
    zone: 0,
  };
};

/** The state of one node's records, as `portcullis flows -o json` prints it. */
export interface NodeFlows {
  readonly status: object;
  readonly flows: readonly object[];
}

/**
 * Records traffic as the agents of the pods' nodes do: by a look at the live connections once a minute.
 * @param startedAt ms since the epoch
 */
export const recordTraffic = (
  { snapshot }: LoadedManifests,
  openings: readonly Opening[],
  { startedAt, untilMs, random }: { readonly startedAt: number; readonly untilMs: number; readonly random: Random },
): readonly NodeFlows[] => {
  const pods = [...snapshot.pods.values()];
  const byAddress = new Map(pods.flatMap((pod) => pod.ips.map((ip) => [ip, pod] as const)));
  const nodeByAddress = new Map(pods.flatMap(({ hostIPs, node }) => hostIPs.map((ip) => [ip, node] as const)));
  const kubelet = pods.flatMap((pod): readonly Opening[] =>
    pod.ports.slice(0, 1).map(({ protocol, port }) => ({
      at: random.next() * untilMs,
      from: pod.hostIPs[0] ?? '',
      to: pod.ips[0] ?? '',
      protocol,
      port,
    })),
  );
  const all = [...openings, ...kubelet].map((opening) => ({ opening, connection: connectionOf(opening, random) }));
  return [...new Set(pods.map(({ node }) => node))].sort().map((node) => {
    let now = startedAt;
    const policy = compileNodePolicy(snapshot, node);
    const store = createFlowStore({ startedAt });
    const recordOf = createAllowedFinder({
      node,
      policy: () => policy,
      now: () => now,
      names: {
        podsAt: (address) => [byAddress.get(address)].filter((pod) => pod !== undefined),
        nodeAt: (address) => nodeByAddress.get(address),
        former: createFormerAddresses(),
      },
    });
    const isOurs = (address: string): boolean =>
      byAddress.get(address)?.node === node || nodeByAddress.get(address) === node;
    for (let at = LOOK_MS; at <= untilMs; at += LOOK_MS) {
      now = startedAt + at;
      const live = all.filter(
        ({ opening }) =>
          opening.at <= at &&
          at < opening.at + KEPT_MS[opening.protocol] &&
          (isOurs(opening.from) || isOurs(opening.to)),
      );
      const records = live.flatMap(({ connection }) => recordOf(connection) ?? []);
      for (const record of new Map(records.map((each) => [edgeKey(each), each])).values()) store.note(record);
    }
    return { status: { node, ...store.status() }, flows: store.flows() };
  });
};
