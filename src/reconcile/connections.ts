import type { Connection, ConnectionSelection, TrackedConnection } from '../model/connection.ts';
import type { IpFamily } from '../model/family.ts';

/** The node's table of live connections, as the review needs it. */
export interface Connections {
  /**
   * The connections that `list` would tell of, without what tells an entry from its successor; undefined where they cannot
   * be had at less cost than by `list`.
   */
  glance(
    families: readonly IpFamily[],
    selection: ConnectionSelection,
    most?: number,
  ): Promise<readonly Connection[] | undefined>;
  /**
   * The connections that are selected, up to `most`, all where that is absent. Other work goes on while it is read.
   * @throws where the table cannot be read
   */
  list(
    families: readonly IpFamily[],
    selection: ConnectionSelection,
    most?: number,
  ): Promise<readonly TrackedConnection[]>;
  /** Of those with an end at one of these addresses, which takes little time however many others there are. */
  listEnds(
    addresses: readonly string[],
    selection: ConnectionSelection,
    most: number,
  ): Promise<readonly TrackedConnection[]>;
  /**
   * Those TCP connections of these that the kernel took up in the middle, so that it may take the ends for each other.
   * @throws where an entry cannot be read; one that is gone is none
   */
  pickedUp<Read extends Connection>(connections: readonly Read[]): Promise<readonly Read[]>;
  /** All addresses of the node itself, canonical text. @throws where they cannot be read */
  ownAddresses(families: readonly IpFamily[]): Promise<ReadonlySet<string>>;
  /**
   * Deletes exactly these entries; one that is gone or was replaced meanwhile is no failure.
   * @returns how many were there to be deleted. @throws where one could not be deleted
   */
  cut(connections: readonly TrackedConnection[]): Promise<number>;
  /**
   * Holds closed for a while what could open these connections again the other way round: a datagram of the server.
   * @throws where one of them cannot be held closed
   */
  hold(connections: readonly Connection[]): Promise<void>;
  /** Holds closed no longer what could open these connections again. */
  release(connections: readonly Connection[]): Promise<void>;
}
