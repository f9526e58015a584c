import type { Connection, ConnectionSelection, TrackedConnection } from '../model/connection.ts';
import type { IpFamily } from '../model/family.ts';

/** The node's table of live connections, as the review uses it. */
export interface Connections {
  /**
   * Returns the same connections as `list`, without their identities; undefined if that is not cheaper than `list`.
   */
  glance(
    families: readonly IpFamily[],
    selection: ConnectionSelection,
    most?: number,
  ): Promise<readonly Connection[] | undefined>;
  /**
   * Returns the selected connections, up to `most`, or all of them. Other work continues while the table is read.
   * @throws if the table cannot be read
   */
  list(
    families: readonly IpFamily[],
    selection: ConnectionSelection,
    most?: number,
  ): Promise<readonly TrackedConnection[]>;
  /** Returns those with an end at one of these addresses, quickly even with many other connections. */
  listEnds(
    addresses: readonly string[],
    selection: ConnectionSelection,
    most: number,
  ): Promise<readonly TrackedConnection[]>;
  /**
   * Returns those TCP connections that the kernel picked up in the middle, so that it may have exchanged the ends.
   * @throws if an entry cannot be read; an entry that is gone does not count
   */
  pickedUp<Read extends Connection>(connections: readonly Read[]): Promise<readonly Read[]>;
  /** Returns all canonical addresses of the node itself. @throws if they cannot be read */
  ownAddresses(families: readonly IpFamily[]): Promise<ReadonlySet<string>>;
  /**
   * Deletes exactly these entries; one that is gone or was replaced meanwhile is no failure.
   * @returns the number of deleted entries. @throws if one could not be deleted
   */
  cut(connections: readonly TrackedConnection[]): Promise<number>;
  /**
   * Adds to the reopen guard what could open these connections again in reverse: the server's datagrams.
   * @throws if one of them cannot be added
   */
  hold(connections: readonly Connection[]): Promise<void>;
  /** Removes from the reopen guard what could open these connections again. */
  release(connections: readonly Connection[]): Promise<void>;
}
