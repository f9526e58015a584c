import { setTimeout as delay } from 'node:timers/promises';
import type { IpFamily } from '../../../src/model/family.ts';
import { ETHER, ethernet } from '../frames/ethernet.ts';
import { udpPacket } from '../frames/transport.ts';
import { farEnd, isPod, type Machine, nodeOf } from '../stage/cast.ts';
import type { Scene } from '../stage/scene.ts';
import type { Station } from '../station/station.ts';
import { nextToken } from '../station/token.ts';

/** What is needed to send something and see it arrive. */
export interface Floor {
  readonly scene: Scene;
  readonly stations: Readonly<Record<Machine, Station>>;
}

/** No program listens on this port. */
const DISCARD = 9;
/** Packets may still be behind a marker: another processor handled them. */
const BEHIND_MS = 12;
const MARKER_MS = 5_000;
const TRIES = 3;

/** Sends a marker and waits for it, several times: a busy machine may lose one. */
const mark = async (floor: Floor, at: Machine, send: (token: string) => void, what: string): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const token = nextToken();
    send(token);
    if (await floor.stations[at].arrival(token, 'wire', MARKER_MS)) return;
  }
  throw new Error(`attacks: no marker passes ${what}`);
};

/** Traffic that a sender may always send: a datagram to its own node, or between machines that aren't pods. */
const markSender = (floor: Floor, from: Machine, family: IpFamily): Promise<void> => {
  const { scene, stations } = floor;
  const to = isPod(from) ? (nodeOf(from) ?? 'node1') : from === 'node1' ? 'node2' : 'node1';
  return mark(
    floor,
    to,
    (token) => {
      const ends = { source: scene.ip(from, family), destination: scene.ip(to, family) };
      const packet = udpPacket(ends, { sourcePort: DISCARD, port: DISCARD }, Buffer.from(token));
      const type = family === 'ipv6' ? ETHER.ipv6 : ETHER.ipv4;
      stations[from].send(ethernet({ to: scene.nextHop(from, to), from: scene.mac(from), type }, packet), 'eth0');
    },
    `from ${from} to ${to}`,
  );
};

/** The other end of the link sends a frame directly: once it arrives, everything before it has arrived as well. */
const markReceiver = async (floor: Floor, at: Machine): Promise<void> => {
  if (!isPod(at) && at !== 'outside') return;
  const { station, device } = farEnd(at);
  await mark(
    floor,
    at,
    (token) => {
      const parts = { to: floor.scene.mac(at), from: '02:00:00:00:00:fe', type: ETHER.nonsense };
      floor.stations[station].send(ethernet(parts, Buffer.from(token)), device);
    },
    `from ${station} to ${at}`,
  );
};

/**
 * Waits until everything that these senders sent has arrived, if it ever will: markers that they may send arrive after it,
 * then markers on the links of the receivers.
 */
export const awaitPassage = async (
  floor: Floor,
  senders: ReadonlySet<Machine>,
  receivers: ReadonlySet<Machine>,
): Promise<void> => {
  const [family = 'ipv4'] = floor.scene.families;
  await Promise.all([...senders].map((from) => floor.stations[from].settled()));
  await Promise.all([...senders].map((from) => markSender(floor, from, family)));
  await delay(BEHIND_MS);
  await Promise.all([...receivers].map((at) => markReceiver(floor, at)));
};
