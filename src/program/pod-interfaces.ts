import type { HostRoutes } from '../model/host-routes.ts';
import type { PodLink } from '../model/pod-link.ts';

/** Interfaces whose packets can be validated by source; if there are none, the reason. */
export interface PodInterfaces {
  /** Names, or prefixes of names followed by `+`. */
  readonly interfaces: readonly string[];
  /** Why some or all of the wanted interfaces are missing. */
  readonly reason: string | undefined;
}

/** Plugins name interfaces by a prefix of their own and a random or hashed rest (ptp: `veth` and eight digits). */
const GENERATED = /^(.+?)[0-9a-f]{6,}$/;
/** A shorter prefix probably matches other interfaces too. */
const LEAST_BEGINNING = 3;

/** Reports whether a pattern matches the interface (iptables(8), -i). */
const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const none = (reason: string): PodInterfaces => ({ interfaces: [], reason });

const uplinkAmong = (pattern: string, { uplinks }: HostRoutes): string | undefined =>
  [...uplinks].find((name) => matches(pattern, name));

const leadsOut = (pattern: string, uplink: string): string =>
  `${pattern} would match ${uplink}, by which other machines are reached`;

/** Returns the configured patterns that match no uplink. */
export const usablePatterns = (patterns: readonly string[], routes: HostRoutes): PodInterfaces => {
  const refused = patterns.flatMap((pattern) => {
    const uplink = uplinkAmong(pattern, routes);
    return uplink === undefined ? [] : [[pattern, leadsOut(pattern, uplink)] as const];
  });
  const bad = new Map(refused);
  return {
    interfaces: patterns.filter((pattern) => !bad.has(pattern)),
    reason: bad.size === 0 ? undefined : [...bad.values()].join('; '),
  };
};

/** Returns the prefix of a generated name; '' of any other name. */
const beginningOf = (name: string): string => GENERATED.exec(name)?.[1] ?? '';

/** Returns an address of the pod that is not routed to the pod's interface although the interface exists. */
const unroutedOf = ({ ips, hostInterface = '' }: PodLink, { interfaces, toAddress }: HostRoutes): string | undefined =>
  interfaces.has(hostInterface) ? ips.find((ip) => toAddress.get(ip) !== hostInterface) : undefined;

/**
 * Finds the pods' interfaces if the network plugin gives each pod an interface of its own with a route to each of its
 * addresses (ptp, kindnet). Returns a name prefix, which also covers future pods. Undefined while no pod is known.
 */
export const podInterfaces = (links: readonly PodLink[], routes: HostRoutes): PodInterfaces | undefined => {
  if (links.length === 0) return undefined;
  const names = links.map(({ hostInterface }) => hostInterface).filter((name) => name !== undefined);
  if (names.length < links.length)
    return none('pods share an interface of the node, or their plugin does not tell theirs');
  if (new Set(names).size < names.length) return none('pods share an interface of the node');
  const odd = names.find((name) => beginningOf(name).length < LEAST_BEGINNING);
  if (odd !== undefined) return none(`cannot derive a common interface name prefix from ${odd}`);
  const patterns = [...new Set(names.map((name) => `${beginningOf(name)}+`))].sort();
  const { interfaces, reason } = usablePatterns(patterns, routes);
  if (interfaces.length < patterns.length) return none(reason ?? '');
  for (const link of links) {
    const ip = unroutedOf(link, routes);
    if (ip !== undefined) return none(`${ip} is not routed to ${String(link.hostInterface)}, where its pod is`);
  }
  return { interfaces: patterns, reason: undefined };
};
