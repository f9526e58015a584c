import type { Clock } from '../model/clock.ts';
import type { Connection, Opening } from '../model/connection.ts';
import type { ConnectionJudge } from '../trace/connection-judge.ts';
import { openingOf } from '../trace/connection-judge.ts';
import type { Connections } from './connections.ts';

/** Cut connections are remembered for this long: by then the reopen guard no longer contains them. */
const REMEMBERED_MS = 120_000;
/** Maximum remembered connections: further ones stay closed until their time is over, even if they are allowed again. */
const MOST_REMEMBERED = 20_000;

/** Keeps cut connections from being opened again by a datagram of the server. */
export interface ReopenGuard {
  /**
   * Closes connections that are about to be cut. Remembers those that cannot be closed; see isReopened and retry. If
   * both ends have the same port and policy allows the other direction, nothing is closed: the server's packets then
   * open a connection of its own.
   */
  hold(connections: readonly Connection[], judge: ConnectionJudge): Promise<void>;
  /** Opens what policy allows again, from either end. */
  release(judge: ConnectionJudge): Promise<void>;
  /** Closes what could not be closed so far. @throws if that fails again */
  retry(judge: ConnectionJudge): Promise<void>;
  /** Reports whether a connection goes from a server to a client that was cut off and could not be closed. */
  isReopened(opening: Opening): boolean;
  /** Reports whether there may be such a connection between these two. */
  mayReopen(source: string, destination: string): boolean;
}

interface Remembered {
  readonly connection: Connection;
  readonly until: number;
}

const pairOf = (source: string, destination: string): string => `${source} ${destination}`;

const keyOf = ({ source, destination, protocol, port }: Opening): string =>
  `${protocol} ${port} ${pairOf(source, destination)}`;

/** Returns the connection that a datagram of the server would open. */
const reversed = ({ protocol, original, reply }: Connection): Opening => ({
  source: reply.source,
  destination: reply.destination,
  protocol,
  port: original.sourcePort,
  sourcePort: reply.sourcePort,
});

/**
 * Reports whether the other direction is open. With one port at both ends, each datagram of the server also goes to the
 * port that its own rules name. For protocols without ports, a packet's role is not known.
 */
const isOpenOtherWay = (connection: Connection, judge: ConnectionJudge): boolean =>
  connection.original.sourcePort !== 0 &&
  connection.original.sourcePort === connection.reply.sourcePort &&
  judge.allows(reversed(connection));

export const createReopenGuard = (connections: Connections, clock: Clock): ReopenGuard => {
  let lately: readonly Remembered[] = [];
  let unheld: readonly Remembered[] = [];
  let keys: ReadonlySet<string> = new Set();
  let pairs: ReadonlySet<string> = new Set();

  const setUnheld = (next: readonly Remembered[]): void => {
    unheld = next;
    const openings = next.map(({ connection }) => reversed(connection));
    keys = new Set(openings.map(keyOf));
    pairs = new Set(openings.map(({ source, destination }) => pairOf(source, destination)));
  };

  const isRecent = ({ until }: Remembered): boolean => until > clock.now();

  return {
    async hold(cut, judge) {
      const until = clock.now() + REMEMBERED_MS;
      const closing = cut.filter((connection) => !isOpenOtherWay(connection, judge));
      const remembered = closing.map((connection) => ({ connection, until }));
      lately = [...lately.filter(isRecent), ...remembered].slice(-MOST_REMEMBERED);
      try {
        await connections.hold(closing);
      } catch {
        setUnheld([...unheld, ...remembered].slice(-MOST_REMEMBERED));
      }
    },
    async release(judge) {
      const isAllowed = ({ connection }: Remembered): boolean =>
        judge.allows(openingOf(connection)) || isOpenOtherWay(connection, judge);
      const still = lately.filter(isRecent);
      lately = still.filter((each) => !isAllowed(each));
      const allowed = still.filter(isAllowed);
      if (allowed.length > 0) await connections.release(allowed.map(({ connection }) => connection));
    },
    async retry(judge) {
      if (unheld.length === 0) return;
      setUnheld(
        unheld.filter(
          (each) =>
            isRecent(each) && !judge.allows(openingOf(each.connection)) && !isOpenOtherWay(each.connection, judge),
        ),
      );
      await connections.hold(unheld.map(({ connection }) => connection));
    },
    isReopened: (opening) => keys.size > 0 && keys.has(keyOf(opening)),
    mayReopen: (source, destination) => pairs.size > 0 && pairs.has(pairOf(source, destination)),
  };
};
