import { onNode } from '../../src/lab/node.ts';
import { netlinkIn } from '../../test/support/lab/netlink-in.ts';
import { createConnections } from '../../src/kernel/conntrack.ts';
import { IP_FAMILIES, type IpFamily } from '../../src/model/family.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { Row } from './row.ts';
import { addressOf, NODE, type PodName, SERVER_PORT, type Stage, openStage } from './stage.ts';

/** The numbers of connections that become illegal and that stay legal; each divisible by four. */
export interface ConnectionCounts {
  readonly foe: number;
  readonly friend: number;
}
const PROTOCOLS = ['TCP', 'UDP'] as const;
const ASK_MS = 4_000;
const GOAL_MS = 2_000;

const policyFor = (...apps: readonly PodName[]): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { namespace: shop, name: server-from-friends }
spec:
  podSelector: { matchLabels: { app: server } }
  ingress: [{ from: [${apps.map((app) => `{ podSelector: { matchLabels: { app: ${app} } } }`).join(', ')}] }]
`;

type Client = keyof ConnectionCounts;

const kinds = IP_FAMILIES.flatMap((family) => PROTOCOLS.map((protocol) => ({ family, protocol })));

const flowName = (client: Client, { family, protocol }: (typeof kinds)[number]): string =>
  `${client} ${protocol} ${family}`;

const openAll = async ({ prober }: Stage, client: Client, count: number): Promise<void> => {
  for (const kind of kinds) {
    await prober.open({
      name: flowName(client, kind),
      netns: client,
      protocol: kind.protocol,
      from: addressOf(client, kind.family),
      to: addressOf('server', kind.family),
      port: SERVER_PORT,
      count: count / kinds.length,
    });
  }
};

const countAnswered = async ({ prober }: Stage, client: Client): Promise<number> => {
  const all = await Promise.all(kinds.map((kind) => prober.ask(flowName(client, kind), ASK_MS)));
  return all.flat().filter(Boolean).length;
};

/** Returns the kernel's identities of the client's connections to the server. */
const entriesOf = async ({ node }: Stage, client: Client): Promise<ReadonlySet<number>> => {
  const sources = IP_FAMILIES.map((family: IpFamily) => addressOf(client, family));
  const destinations = IP_FAMILIES.map((family: IpFamily) => addressOf('server', family));
  // A list needs no netlink relay, so none is started.
  const list = await createConnections(node, netlinkIn(onNode(NODE)).netlink).list(IP_FAMILIES, {
    concerns: (source, destination) => sources.includes(source) && destinations.includes(destination),
    selects: () => true,
  });
  return new Set(list.map(({ id }) => id));
};

/** Sends a datagram from every UDP server to every client that was cut: this must not reopen the connection. */
const pushAll = async ({ prober }: Stage): Promise<void> => {
  for (const kind of kinds.filter(({ protocol }) => protocol === 'UDP')) {
    const server = { netns: 'server', ip: addressOf('server', kind.family), port: SERVER_PORT };
    await prober.push(server, flowName('foe', kind));
  }
};

export const connectionsRow = (counts: ConnectionCounts): Row => ({
  name: 'connections',
  about: 'a policy is tightened under live connections of TCP and UDP',
  async prove(backend, _, say) {
    const stage = await openStage(backend);
    try {
      // All of them must outlive the proof, also UDP connections with few packets so far.
      await stage.node.run('sysctl', ['-q', '-w', 'net.netfilter.nf_conntrack_udp_timeout=120']);
      await stage.writePolicy(policyFor('friend', 'foe'));
      const agent = await stage.startAgent();
      await openAll(stage, 'friend', counts.friend);
      await openAll(stage, 'foe', counts.foe);
      say(`connections ${backend}: ${counts.foe + counts.friend} are open`);
      const [friends, foes] = [await entriesOf(stage, 'friend'), await entriesOf(stage, 'foe')];

      const changedAt = performance.now();
      await stage.writePolicy(policyFor('friend'));
      const cutAfter = await waitFor('the connections to be cut', 60_000, async () => {
        const count = await stage.counter('portcullis_connections_cut_total');
        return count >= foes.size ? performance.now() - changedAt : undefined;
      });
      const left = await entriesOf(stage, 'foe');
      const alive = await countAnswered(stage, 'foe');
      await pushAll(stage);
      const reopened = await countAnswered(stage, 'foe');
      const kept = (await entriesOf(stage, 'friend')).intersection(friends).size;
      const answered = await countAnswered(stage, 'friend');
      await agent.stop();
      return [
        { what: 'illegal connections, half TCP and half UDP', value: String(foes.size) },
        {
          what: 'all of them cut after (ms)',
          value: cutAfter.toFixed(0),
          goal: `≤ ${GOAL_MS}`,
          met: cutAfter <= GOAL_MS,
        },
        { what: 'of them still in the table', value: String(left.size), goal: '0', met: left.size === 0 },
        { what: 'of them still answered', value: String(alive), goal: '0', met: alive === 0 },
        {
          what: 'of them open again by retransmissions or by the server',
          value: String(reopened),
          goal: '0',
          met: reopened === 0,
        },
        { what: 'legal connections', value: String(friends.size) },
        { what: 'of them cut', value: String(friends.size - kept), goal: '0', met: kept === friends.size },
        {
          what: 'of them not answered',
          value: String(counts.friend - answered),
          goal: '0',
          met: answered === counts.friend,
        },
      ];
    } finally {
      await stage.close();
    }
  },
});
