import { u16 } from '../frames/bytes.ts';
import { ICMP, icmp, ICMPV6, icmpv6 } from '../frames/icmp.ts';
import { ip, PROTOCOL } from '../frames/ip.ts';
import { setTimeout as delay } from 'node:timers/promises';
import { type Attack, BOTH, EVERYWHERE, type Form } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import { policyManifest } from '../stage/manifests.ts';
import { nextToken } from '../station/token.ts';
import { datagram } from './forms.ts';
import { openFlow } from './related.ts';

const echo = (play: Play, from: Machine, to: Machine, request: boolean, id: number, data: Buffer): void => {
  const ends = play.ends(from, to);
  const [ask, answer] = play.family === 'ipv4' ? [ICMP.echo, ICMP.echoReply] : [ICMPV6.echo, ICMPV6.echoReply];
  const type = request ? ask : answer;
  const message = play.family === 'ipv4' ? icmp(type, 0, u16(id, 1), data) : icmpv6(ends, type, 0, u16(id, 1), data);
  const protocol = play.family === 'ipv4' ? PROTOCOL.icmp : PROTOCOL.icmpv6;
  play.packet(from, to, ip({ ...ends, protocol }, message));
};

/** An isolated pod sends a query, and the destination sends a second message with the same identifier. */
const afterEcho =
  (request: boolean): Form =>
  async (play, from, to) => {
    const id = play.freshPort();
    const token = nextToken();
    echo(play, to, from, true, id, Buffer.from(token));
    await play.arrived(from, token);
    echo(play, from, to, request, id, play.data);
  };

/** Time within which the connection review has cut what policy denies. */
const CUT_MS = 2_500;

/** A policy that forbids clients all UDP. */
const CUTTING = policyManifest('web', 'web', {
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ podSelector: { matchLabels: { role: 'client' } } }], ports: [{ port: 80, protocol: 'TCP' }] }],
});

/** A flow that was allowed, that a change then denies and cuts, and that one of its ends tries to resume. */
const afterCut =
  (serverSpeaks: boolean): Form =>
  async (play, from, to) => {
    const { stage } = play;
    const flow = { client: from, server: to, sourcePort: play.freshPort(), port: 53 };
    await openFlow(play, flow);
    if (stage.agents() !== undefined) {
      await stage.applied(await stage.cluster.write({ 'policy-web': CUTTING }));
      await delay(CUT_MS);
      if (serverSpeaks) {
        const back = createAnswer(play, flow.sourcePort);
        back(to, from);
        await stage.stations[to].settled();
        await delay(50);
      }
    }
    play.udp(from, to, { sourcePort: flow.sourcePort, port: 53 });
    if (stage.agents() === undefined) return;
    await stage.stations[from].settled();
    await delay(50);
    await stage.applied(await stage.cluster.restore());
  };

/** The server sends to the client unasked and without the token. */
const createAnswer =
  (play: Play, port: number) =>
  (from: Machine, to: Machine): void => {
    const token = nextToken();
    const answer: Play = { ...play, token, data: Buffer.from(token) };
    answer.udp(from, to, { sourcePort: 53, port });
  };

/** Attacks on the memory of connection tracking. */
export const CONNECTIONS: readonly Attack[] = [
  {
    name: 'connections/echo-of-same-id',
    what: 'an isolated pod asked for an echo; the one it asked sends a question of the same identifier',
    needs: 'NET_RAW',
    networks: EVERYWHERE,
    families: BOTH,
    form: afterEcho(true),
    from: 'stranger',
    to: 'web',
    twin: { form: afterEcho(false) },
    kind: 'held',
    by: 'connection tracking tells questions from answers',
  },
  {
    name: 'connections/goes-on-after-a-cut',
    what: 'a flow of UDP that a change of policy denies goes on from the same port',
    needs: 'nothing',
    networks: EVERYWHERE,
    families: BOTH,
    form: afterCut(false),
    from: 'client',
    to: 'web',
    twin: { form: datagram(() => ({ port: 53 })) },
    kind: 'held',
    by: 'the connection review deletes its entry, and the next packet is judged',
    alone: true,
    slow: true,
  },
  {
    name: 'connections/brought-back-by-server',
    what: 'the server, which may send, sends a datagram after the cut: the client’s next one would be an answer',
    needs: 'nothing',
    networks: EVERYWHERE,
    families: BOTH,
    form: afterCut(true),
    from: 'client',
    to: 'web',
    twin: { form: datagram(() => ({ port: 53 })) },
    kind: 'held',
    by: 'the reopen guard holds the ends of a cut flow closed',
    alone: true,
    slow: true,
  },
];
