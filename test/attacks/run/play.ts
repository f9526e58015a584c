import type { IpFamily } from '../../../src/model/family.ts';
import { ETHER, ethernet, type Tag } from '../frames/ethernet.ts';
import type { Ends, Ports } from '../frames/transport.ts';
import { TCP_FLAG, tcpPacket, udpPacket } from '../frames/transport.ts';
import type { Machine } from '../stage/cast.ts';
import type { Scene } from '../stage/scene.ts';
import type { Stage } from '../stage/stage.ts';
import { nextToken } from '../station/token.ts';

/** How a packet differs from what its sender would honestly write. */
export interface Lies {
  readonly source?: string | undefined;
  readonly destination?: string | undefined;
  /** Destination and source of the frame. */
  readonly mac?: string | undefined;
  readonly fromMac?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  /** Destination port; 9999 if absent, on which web and caged may not talk. */
  readonly port?: number | undefined;
  readonly sourcePort?: number | undefined;
  readonly ttl?: number | undefined;
}

/** One try of an attack or of its twin: its contents, and functions that send it. */
export interface Play {
  readonly stage: Stage;
  readonly scene: Scene;
  readonly family: IpFamily;
  /** The bytes that everything this try sends must contain. */
  readonly token: string;
  readonly data: Buffer;
  /** Returns a port that no try has used before. */
  freshPort(): number;
  ip(machine: Machine): string;
  /** Returns source and destination of a packet between two machines, with the lies applied. */
  ends(from: Machine, to: Machine, lies?: Lies): Ends;
  ports(lies?: Lies): Ports;
  /** Sends a frame as it is. */
  frame(from: Machine, bytes: Buffer): void;
  /** Sends a packet in a frame on its path from one machine to another. */
  packet(from: Machine, to: Machine, bytes: Buffer, lies?: Lies): void;
  /** Sends a UDP datagram that contains the token. */
  udp(from: Machine, to: Machine, lies?: Lies): void;
  /** Sends a segment that opens a TCP connection and contains the token. */
  syn(from: Machine, to: Machine, lies?: Lies): void;
  /** Resolves once something with the token has arrived at a machine. @throws if nothing arrives */
  arrived(machine: Machine, what?: string): Promise<void>;
}

const FORBIDDEN_PORT = 9999;
const FIRST_PORT = 20_000;
const LAST_PORT = 60_000;
/** Maximum time of a required step of a try, on a busy machine. */
const STEP_MS = 10_000;

let lastPort = FIRST_PORT;

const freshPort = (): number => {
  lastPort = lastPort === LAST_PORT ? FIRST_PORT : lastPort + 1;
  return lastPort;
};

/** The interface through which a machine sends: for a node, its uplink. */
const DEVICE = 'eth0';

/** @param senders receives the name of each machine that sends something */
export const createPlay = (stage: Stage, family: IpFamily, senders: Set<Machine>): Play => {
  const { scene } = stage;
  const token = nextToken();
  const data = Buffer.from(token);
  const ip = (machine: Machine): string => scene.ip(machine, family);
  const ends: Play['ends'] = (from, to, lies = {}) => ({
    source: lies.source ?? ip(from),
    destination: lies.destination ?? ip(to),
  });
  const ports: Play['ports'] = (lies = {}) => ({
    sourcePort: lies.sourcePort ?? freshPort(),
    port: lies.port ?? FORBIDDEN_PORT,
  });
  const frame: Play['frame'] = (from, bytes) => {
    senders.add(from);
    stage.stations[from].send(bytes, DEVICE);
  };
  const packet: Play['packet'] = (from, to, bytes, lies = {}) => {
    const type = (bytes[0] ?? 0) >> 4 === 6 ? ETHER.ipv6 : ETHER.ipv4;
    const parts = {
      to: lies.mac ?? scene.nextHop(from, to),
      from: lies.fromMac ?? scene.mac(from),
      type,
      ...(lies.tags !== undefined && { tags: lies.tags }),
    };
    frame(from, ethernet(parts, bytes));
  };
  return {
    stage,
    scene,
    family,
    token,
    data,
    freshPort,
    ip,
    ends,
    ports,
    frame,
    packet,
    udp: (from, to, lies = {}) => {
      const parts = { ...ends(from, to, lies), ...(lies.ttl !== undefined && { ttl: lies.ttl }) };
      packet(from, to, udpPacket(parts, ports(lies), data), lies);
    },
    syn: (from, to, lies = {}) => {
      packet(from, to, tcpPacket(ends(from, to, lies), { ...ports(lies), flags: TCP_FLAG.syn }, data), lies);
    },
    async arrived(machine, what = token) {
      if (!(await stage.stations[machine].arrival(what, 'wire', STEP_MS)))
        throw new Error(`attacks: a step of a try never got to ${machine}`);
    },
  };
};
