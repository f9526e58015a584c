import { TCP_FLAG, tcpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, EVERYWHERE, type Form, type Ground } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import { nextToken } from '../station/token.ts';
import { opening } from './forms.ts';

/** The port on which clients accept caged pods, where a foreign rule has connection tracking read FTP. */
const CONTROL = 80;
const DATA = 9999;

const RULE = `PREROUTING -p tcp --dport ${CONTROL} -j CT --helper ftp`;

/** A foreign rule that assigns the helper, as firewalls of nodes do. */
const FTP_HELPER: Ground = {
  name: 'ftp-helper',
  lay: (stage) => stage.restore(() => ['*raw', `-A ${RULE}`, 'COMMIT', '']),
  lift: (stage) => stage.restore(() => ['*raw', `-D ${RULE}`, 'COMMIT', '']),
};

/** The FTP server's message that names the port of the next connection (RFC 959; RFC 2428 for IPv6). */
const passive = (play: Play, server: Machine): string =>
  play.family === 'ipv4'
    ? `227 Entering Passive Mode (${play.ip(server).replaceAll('.', ',')},${DATA >> 8},${DATA & 0xff})\r\n`
    : `229 Entering Extended Passive Mode (|||${DATA}|)\r\n`;

/** An allowed connection on which the server names a port, and then a connection to that port. */
const expected: Form = async (play, from, to) => {
  const sourcePort = play.freshPort();
  const { syn, ack, push } = TCP_FLAG;
  const there = { sourcePort, port: CONTROL };
  const back = { sourcePort: CONTROL, port: sourcePort };
  const say = async (sender: Machine, receiver: Machine, segment: object, text: string): Promise<number> => {
    const token = nextToken();
    const data = Buffer.from(text.replace('TOKEN', token));
    const parts = { ...(sender === from ? there : back), flags: ack, ...segment };
    play.packet(sender, receiver, tcpPacket(play.ends(sender, receiver), parts, data));
    if (text.includes('TOKEN')) await play.arrived(receiver, token);
    else await play.stage.stations[sender].settled();
    return data.length;
  };
  await say(from, to, { flags: syn, sequence: 1 }, '');
  await say(to, from, { flags: syn | ack, sequence: 1, acknowledges: 2 }, '');
  await say(from, to, { sequence: 2, acknowledges: 2 }, '');
  // The helper starts reading after the end of a line.
  const first = await say(to, from, { flags: ack | push, sequence: 2, acknowledges: 2 }, '220 TOKEN\r\n');
  await say(to, from, { flags: ack | push, sequence: 2 + first, acknowledges: 2 }, passive(play, to));
  await say(to, from, { sequence: 2 + first + passive(play, to).length, acknowledges: 2 }, 'TOKEN');
  play.syn(from, to, { port: DATA });
};

/** Connections that connection tracking expects because of the contents of another connection. */
export const HELPERS: readonly Attack[] = [
  {
    name: 'helpers/expected-by-ftp',
    what: 'a caged pod’s allowed peer tells it, by FTP, a port that it may not use: the connection to it is RELATED',
    needs: 'nothing',
    networks: EVERYWHERE,
    families: BOTH,
    form: expected,
    from: 'caged',
    to: 'client',
    twin: { form: opening(() => ({ port: CONTROL })) },
    kind: 'closed',
    by: 'only what is established leaves first: what a helper expects is judged as the new connection that it is',
    ground: FTP_HELPER,
  },
];
