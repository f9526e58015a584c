import { release } from 'node:os';
import type { Connection, TrackedConnection } from '../model/connection.ts';
import type { IpFamily } from '../model/family.ts';
import type { Connections } from '../reconcile/connections.ts';
import { conntrackDelete } from '../render/netlink/conntrack-delete.ts';
import { conntrackGet, isPickedUp } from '../render/netlink/conntrack-entry.ts';
import { heldLines } from '../render/held-members.ts';
import { createListReader } from '../render/read-conntrack.ts';
import { ownIpv4Addresses, ownIpv6Addresses } from '../render/parse-own-addresses.ts';
import type { CommandRunner } from './command.ts';
import { listEnds } from './conntrack-ends.ts';
import { createConntrackFile } from './conntrack-file.ts';
import { createIpSets } from './restore-programs.ts';
import { type Netlink, NetlinkError } from './netlink/netlink.ts';
import { readPieces } from './read-pieces.ts';
import { isAtLeast, versionIn } from './version.ts';

/** A table of 200,000 entries takes about a second, on a busy machine several. */
const TIMEOUT_MS = 60_000;

/** errno(3): the entry is gone, or was replaced. */
const ENOENT = -2;

/** The kernel's files with its own addresses, including those of interfaces that are down (kube-ipvs0). */
const OWN_ADDRESSES: Readonly<Record<IpFamily, { readonly file: string; readonly read: typeof ownIpv4Addresses }>> = {
  ipv4: { file: '/proc/net/fib_trie', read: ownIpv4Addresses },
  ipv6: { file: '/proc/net/ipv6_route', read: ownIpv6Addresses },
};

/** The kernel refused to delete entries; they stay. */
export class ConntrackError extends Error {
  constructor(failed: number, total: number, code: number) {
    super(`conntrack: ${failed} of ${total} entries could not be deleted: error ${code}`);
    this.name = 'ConntrackError';
  }
}

/** From this version on, a list without a family has both; the kernel goes through its whole table for each list. */
const LISTS_BOTH = [1, 4, 7];

/** Reads `conntrack v1.4.7 (conntrack-tools)`. Without a version, there is one list for each family. */
const listsBoth = async (runner: CommandRunner): Promise<boolean> => {
  const told = await runner.run('conntrack', ['--version']).catch(() => '');
  return isAtLeast(versionIn(told), LISTS_BOTH);
};

/**
 * Creates access to the connection tracking table of the network namespace that `runner` and `netlink` work in.
 * @param kernel release of the running kernel
 */
export const createConnections = (runner: CommandRunner, netlink: Netlink, kernel = release()): Connections => {
  const sets = createIpSets(runner);
  let both: Promise<boolean> | undefined;

  /** Returns the families as arguments of the lists that cover all of them. */
  const asked = async (families: readonly IpFamily[]): Promise<readonly (readonly string[])[]> => {
    if (families.length === 2 && (await (both ??= listsBoth(runner)))) return [[]];
    return families.map((family) => ['-f', family]);
  };

  const holdLines = async (verb: 'add' | 'del', connections: readonly Connection[]): Promise<void> => {
    const lines = heldLines(verb, connections);
    if (lines !== '') await sets.restore(lines);
  };

  /** @returns the error number, 0 for a deleted entry. `conntrack -D` would read the whole table for each entry. */
  const deleteOne = async (connection: TrackedConnection): Promise<number> => {
    try {
      await netlink.request(conntrackDelete(connection));
      return 0;
    } catch (error) {
      if (error instanceof NetlinkError && error.code !== 0) return error.code;
      throw error;
    }
  };

  const wasPickedUp = async ({ family, original, zone }: Connection): Promise<boolean> => {
    try {
      return (await netlink.request(conntrackGet(family, original, zone))).some(isPickedUp);
    } catch (error) {
      if (error instanceof NetlinkError && error.code === ENOENT) return false;
      throw error;
    }
  };

  const cut = async (connections: readonly TrackedConnection[]): Promise<number> => {
    const codes = await Promise.all(connections.map(deleteOne));
    const failed = codes.filter((code) => code !== 0 && code !== ENOENT);
    const [first] = failed;
    if (first !== undefined) throw new ConntrackError(failed.length, codes.length, first);
    return codes.filter((code) => code === 0).length;
  };

  return {
    glance: createConntrackFile(runner, kernel),
    async list(families, selection, most) {
      const lists = await Promise.all(
        (await asked(families)).map((which) =>
          readPieces(runner, ['conntrack', '-L', ...which, '-o', 'extended,id'], {
            createReader: () => createListReader(selection, most),
            timeoutMs: TIMEOUT_MS,
          }),
        ),
      );
      return lists.flat();
    },
    async ownAddresses(families) {
      const read = await Promise.all(
        families.map(async (family) =>
          OWN_ADDRESSES[family].read(await runner.run('cat', [OWN_ADDRESSES[family].file])),
        ),
      );
      return new Set(read.flatMap((addresses) => [...addresses]));
    },
    async pickedUp(connections) {
      const which = await Promise.all(connections.map(wasPickedUp));
      return connections.filter((_, at) => which[at]);
    },
    listEnds: (addresses, selection, most) => listEnds(runner, addresses, selection, most),
    cut,
    hold: (connections) => holdLines('add', connections),
    release: (connections) => holdLines('del', connections),
  };
};
