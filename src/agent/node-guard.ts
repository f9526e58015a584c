import type { ClusterSource } from '../cluster/source.ts';
import type { CommandRunner } from '../kernel/command.ts';
import { readHostRoutes, readInterfaces } from '../kernel/host-routes.ts';
import { readNodeLinks } from '../kernel/node-links.ts';
import { readRoutes } from '../kernel/routes.ts';
import type { ClusterChange } from '../model/cluster-change.ts';
import { IP_FAMILIES } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { NodeLinks } from '../model/node-links.ts';
import type { NodeNetwork } from '../model/node-network.ts';
import { findNetwork, type FoundNetwork, type NodeAddresses } from '../program/node-network.ts';
import type { Route } from '../render/parse-routes.ts';
import { devicesTo } from '../render/route-devices.ts';
import type { AgentContext } from './context.ts';

interface NodeGuardParts {
  readonly source: ClusterSource;
  readonly runner: CommandRunner;
  /** @throws if the kernel rejects such rules */
  readonly tryOut: () => Promise<void>;
  /** Reports whether this agent has the node. */
  readonly isOurs: () => boolean;
  /** Called when the node's network has changed. */
  readonly onChange: () => void;
}

/** Knows the node's network for source validation. */
export interface NodeGuardian {
  start(): void;
  /** Takes a change: a pod may show the address of an unknown node. */
  noteChange(change: ClusterChange): void;
  /** Reports whether the first read has ended, whatever it found: until then a predecessor's rules stay. */
  hasLooked(): boolean;
  /** Returns undefined before that, and if the kernel rejects such rules. The same object until a change. */
  network(): NodeNetwork | undefined;
  status(): { readonly tunnels: readonly number[]; readonly openTunnels: readonly string[] };
  stop(): void;
}

/** Interval of checks which interfaces exist, in one file. */
const EVERY_MS = 2000;
/** Maximum interval of full reads: addresses and peers change without interfaces, too. */
const AT_LEAST_EVERY_MS = 30_000;
/** Interval of checks whether this agent has the node. */
const WAIT_MS = 50;

/** The result of a full read. */
interface Found {
  readonly links: NodeLinks;
  readonly routes: readonly Route[];
  readonly uplinks: ReadonlySet<string>;
}

/** Generated names of pods' interfaces, which come and go all the time (a prefix and hexadecimal digits). */
const OF_PODS = /[0-9a-f]{6,}$/;

const NO_LINKS: NodeLinks = { addresses: [], bridges: new Set(), tunnels: [] };

const namesOf = (interfaces: ReadonlySet<string>): string =>
  [...interfaces]
    .filter((name) => !OF_PODS.test(name))
    .sort()
    .join();

/** Returns undefined if sources are never validated. */
export const createNodeGuard = (
  { config, clock, log }: AgentContext,
  { source, runner, tryOut, isOurs, onChange }: NodeGuardParts,
): NodeGuardian | undefined => {
  if (config.antiSpoofing === 'off') return undefined;
  let found: Found | undefined;
  let current: FoundNetwork | undefined;
  let isStale = false;
  let hasLooked = false;
  let isTaken = false;
  let known: ReadonlySet<string> = new Set();
  let trouble: string | undefined;
  let names = '';
  let lookedAt = -Infinity;
  let isDoubted = false;
  let stopped = false;
  let cancel = (): void => undefined;

  const tell = (now: string | undefined): void => {
    if (now !== undefined && now !== trouble) log.warn('source address validation is limited', { reason: now });
    trouble = now;
  };

  const nodeAddresses = (): NodeAddresses => {
    const own = new Set<string>();
    const others = new Set<string>();
    for (const { node, hostIPs } of source.snapshot().pods.values()) {
      for (const address of hostIPs) (node === config.nodeName ? own : others).add(address);
    }
    known = own.union(others);
    return { own, others: others.difference(own) };
  };

  /** Returns the bridges of pods only: a bridge that leads to other machines is none. */
  const podBridges = ({ links, routes, uplinks }: Found, { others }: NodeAddresses): readonly string[] => {
    if (links.bridges.size === 0) return [];
    const pods = [...source.snapshot().pods.values()].flatMap(({ node, hostNetwork, ips }) =>
      node === config.nodeName && !hostNetwork ? ips : [],
    );
    const devices = (addresses: Iterable<string>) =>
      new Set(IP_FAMILIES.flatMap((family) => [...devicesTo(addresses, family, routes)]));
    return [...devices(pods).intersection(links.bridges).difference(uplinks).difference(devices(others))].sort();
  };

  const compose = (): void => {
    isStale = false;
    if (found === undefined || !isTaken) return;
    const addresses = nodeAddresses();
    const now = findNetwork(found.links, addresses, podBridges(found, addresses));
    if (JSON.stringify(now) === JSON.stringify(current)) return;
    if (now.open.join() !== current?.open.join() && now.open.length > 0 && source.hasSynced()) {
      log.info('tunnel endpoints accept packets from unknown nodes', { tunnels: now.open });
    }
    current = now;
  };

  const readLinks = async (): Promise<NodeLinks> => {
    try {
      return await readNodeLinks(runner);
    } catch (error) {
      tell(`the node's interfaces and tunnels cannot be read: ${messageOf(error)}`);
      return NO_LINKS;
    }
  };

  const look = async (): Promise<void> => {
    const [links, { interfaces, uplinks }, ...routes] = await Promise.all([
      readLinks(),
      readHostRoutes(),
      ...IP_FAMILIES.map(readRoutes),
    ]);
    found = { links, uplinks, routes: routes.flat() };
    names = namesOf(interfaces);
    lookedAt = clock.now();
    if (isTaken) return;
    try {
      await tryOut();
      isTaken = true;
    } catch (error) {
      tell(`the kernel does not take the rules: ${messageOf(error)}`);
    }
  };

  /** Reads again if interfaces have changed. New ones are read twice: an interface gets its addresses after its name. */
  const lookIfNeeded = async (): Promise<void> => {
    const isNew = namesOf(await readInterfaces()) !== names;
    if (!isNew && !isDoubted && clock.now() - lookedAt < AT_LEAST_EVERY_MS) return;
    isDoubted = isNew;
    await look();
    compose();
  };

  const work = (): void => {
    if (stopped) return;
    if (!isOurs()) {
      cancel = clock.after(WAIT_MS, work);
      return;
    }
    const before = current;
    void lookIfNeeded()
      .catch((error: unknown) => {
        tell(messageOf(error));
      })
      .then(() => {
        hasLooked = true;
        if (stopped) return;
        if (current !== before) onChange();
        cancel = clock.after(EVERY_MS, work);
      });
  };

  return {
    start: work,
    noteChange({ kind, key }) {
      if (kind !== 'pods' || isStale) return;
      isStale =
        source
          .snapshot()
          .pods.get(key)
          ?.hostIPs.some((address) => !known.has(address)) === true;
    },
    hasLooked: () => hasLooked,
    network() {
      if (isStale) compose();
      return current?.network;
    },
    status: () => ({ tunnels: current?.network.tunnelPorts ?? [], openTunnels: current?.open ?? [] }),
    stop() {
      stopped = true;
      cancel();
    },
  };
};
