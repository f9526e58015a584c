import type { Clock } from '../model/clock.ts';
import type { Connection, Opening } from '../model/connection.ts';
import type { ConnectionJudge } from '../trace/connection-judge.ts';
import { openingOf } from '../trace/connection-judge.ts';
import type { Connections } from './connections.ts';

/** What was cut is remembered for this long: by then nothing of it is held closed any more, ms. */
const REMEMBERED_MS = 120_000;
/** Of more than these what was held closed and is allowed again stays closed until its time is over. */
const MOST_REMEMBERED = 20_000;

/** Keeps what was cut from being opened again by a datagram of the server. */
export interface ReopenGuard {
  /** Holds closed what is about to be cut. What cannot be is remembered; see isReopened and retry. */
  hold(connections: readonly Connection[]): Promise<void>;
  /** Lets go of what policy allows again, from either end. */
  release(judge: ConnectionJudge): Promise<void>;
  /** Holds closed what could not be so far. @throws where that fails again */
  retry(judge: ConnectionJudge): Promise<void>;
  /** The connection goes from a server to a client that was cut off and could not be held closed. */
  isReopened(opening: Opening): boolean;
  /** Some may be, between these two. */
  mayReopen(source: string, destination: string): boolean;
}

interface Remembered {
  readonly connection: Connection;
  readonly until: number;
}

const pairOf = (source: string, destination: string): string => `${source} ${destination}`;

const keyOf = ({ source, destination, protocol, port }: Opening): string =>
  `${protocol} ${port} ${pairOf(source, destination)}`;

/** The connection that a datagram of the server would open. */
const reversed = ({ protocol, original, reply }: Connection): Opening => ({
  source: reply.source,
  destination: reply.destination,
  protocol,
  port: original.sourcePort,
});

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
    async hold(cut) {
      const until = clock.now() + REMEMBERED_MS;
      const remembered = cut.map((connection) => ({ connection, until }));
      lately = [...lately.filter(isRecent), ...remembered].slice(-MOST_REMEMBERED);
      try {
        await connections.hold(cut);
      } catch {
        setUnheld([...unheld, ...remembered].slice(-MOST_REMEMBERED));
      }
    },
    async release(judge) {
      const still = lately.filter(isRecent);
      lately = still.filter(({ connection }) => !judge.allows(openingOf(connection)));
      const allowed = still.filter(({ connection }) => judge.allows(openingOf(connection)));
      if (allowed.length > 0) await connections.release(allowed.map(({ connection }) => connection));
    },
    async retry(judge) {
      if (unheld.length === 0) return;
      setUnheld(unheld.filter((each) => isRecent(each) && !judge.allows(openingOf(each.connection))));
      await connections.hold(unheld.map(({ connection }) => connection));
    },
    isReopened: (opening) => keys.size > 0 && keys.has(keyOf(opening)),
    mayReopen: (source, destination) => pairs.size > 0 && pairs.has(pairOf(source, destination)),
  };
};
