import type { Clock } from '../model/clock.ts';
import type { Connection } from '../model/connection.ts';

/** A TCP connection as the rules see it: after DNAT, before SNAT. */
export interface TcpConnection {
  /** The end that opened it. Addresses are canonical text. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
}

/** Remembers which TCP connections were cut, so that their packets are not taken for those of another connection. */
export interface CutMemory {
  note(cut: readonly Connection[]): void;
  /** Reports whether this connection was cut. */
  wasCut(connection: TcpConnection): boolean;
  /** Reports whether a connection that this source had opened to this port was cut. */
  wasCutFrom(connection: Omit<TcpConnection, 'sourcePort'>): boolean;
}

const TCP = 6;
/** How long it is remembered; ends that got a reset have dropped it long before. */
const REMEMBERED_MS = 3_600_000;
const MOST = 20_000;

const openingKey = ({ source, destination, destinationPort }: Omit<TcpConnection, 'sourcePort'>): string =>
  `${source} ${destination} ${destinationPort}`;

const keyOf = (connection: TcpConnection): string => `${openingKey(connection)} ${connection.sourcePort}`;

/** Keys with their end of validity, the oldest first. */
const createRecent = (clock: Clock) => {
  const until = new Map<string, number>();
  return {
    add(key: string): void {
      until.delete(key);
      until.set(key, clock.now() + REMEMBERED_MS);
      for (const oldest of until.keys()) {
        if (until.size <= MOST) return;
        until.delete(oldest);
      }
    },
    has: (key: string): boolean => (until.get(key) ?? Number.NEGATIVE_INFINITY) > clock.now(),
  };
};

export const createCutMemory = (clock: Clock): CutMemory => {
  const connections = createRecent(clock);
  const openings = createRecent(clock);
  return {
    note(cut) {
      for (const { protocol, original, reply } of cut) {
        if (protocol !== TCP) continue;
        const connection = {
          source: original.source,
          sourcePort: original.sourcePort,
          destination: reply.source,
          destinationPort: reply.sourcePort,
        };
        connections.add(keyOf(connection));
        openings.add(openingKey(connection));
      }
    },
    wasCut: (connection) => connections.has(keyOf(connection)),
    wasCutFrom: (connection) => openings.has(openingKey(connection)),
  };
};
