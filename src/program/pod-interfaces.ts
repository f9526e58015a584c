import type { HostRoutes } from '../model/host-routes.ts';
import type { PodLink } from '../model/pod-link.ts';

/** Interfaces whose packets' sources can be told, and where there are none the reason. */
export interface PodInterfaces {
  /** Names, or beginnings of names followed by `+`. */
  readonly interfaces: readonly string[];
  /** Why it is not these that were asked for, or none. */
  readonly reason: string | undefined;
}

/** Plugins name the interfaces by a beginning of their own and a random or hashed rest (ptp: `veth` and eight digits). */
const GENERATED = /^(.+?)[0-9a-f]{6,}$/;
/** A shorter beginning is too likely that of other interfaces too. */
const LEAST_BEGINNING = 3;

/** Whether the interface is one of the pattern's (iptables(8), -i). */
const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

const none = (reason: string): PodInterfaces => ({ interfaces: [], reason });

const uplinkAmong = (pattern: string, { uplinks }: HostRoutes): string | undefined =>
  [...uplinks].find((name) => matches(pattern, name));

const leadsOut = (pattern: string, uplink: string): string =>
  `${pattern} would match ${uplink}, by which other machines are reached`;

/** Of the patterns that somebody asked for, those that match no uplink. */
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

/** The beginning that the names have which the plugin makes up. */
const beginningOf = (name: string): string => GENERATED.exec(name)?.[1] ?? '';

/** An address of a pod that is not routed to the pod's interface, which is there. */
const unroutedOf = ({ ips, hostInterface = '' }: PodLink, { interfaces, toAddress }: HostRoutes): string | undefined =>
  interfaces.has(hostInterface) ? ips.find((ip) => toAddress.get(ip) !== hostInterface) : undefined;

/**
 * The pods' interfaces, where the network plugin gives each pod one of its own with a route to each of its addresses (ptp,
 * kindnet): a name's beginning, so that pods to come are among them. Undefined while no pod is known, so that nothing can
 * be told.
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
