import type { NodeBridges } from '../model/bridge-port.ts';
import type { LearnedOwner, LocalPod } from './owners.ts';
import type { Claim } from './parse-table.ts';

/** The owners that answers show. */
export interface Lesson {
  readonly learned: readonly LearnedOwner[];
  /** Sorted addresses for which several ports or MACs answered, and those of ports that answered for several pods. */
  readonly disputed: readonly string[];
}

interface Found {
  readonly claim: Claim;
  readonly pod: LocalPod;
}

/**
 * Learns the owners of ports: a port belongs to a pod if it alone answered for the pod's addresses, and for no other pod's.
 * Owners that were learned before stay.
 */
export const learnOwners = (
  { bridges }: NodeBridges,
  before: readonly LearnedOwner[],
  pods: readonly LocalPod[],
  claims: readonly Claim[],
): Lesson => {
  const ports = new Map(
    bridges.flatMap((bridge) =>
      bridge.ports.filter(({ kind }) => kind === 'pod-like').map(({ name, index }) => [name, index] as const),
    ),
  );
  const podAt = new Map(pods.flatMap((pod) => pod.ips.map((ip) => [ip, pod] as const)));
  const disputed = new Set<string>();
  const found: Found[] = [];
  for (const [address, all] of Map.groupBy(claims, (claim) => claim.address)) {
    const pod = podAt.get(address);
    const [claim] = all;
    if (pod === undefined || claim === undefined || !ports.has(claim.port)) continue;
    if (all.length > 1) disputed.add(address);
    else found.push({ claim, pod });
  }
  const learned = new Map(before.map((owner) => [owner.port, owner]));
  for (const [port, all] of Map.groupBy(found, ({ claim }) => claim.port)) {
    const known = learned.get(port);
    const stillThere = known?.index === ports.get(port) ? known : undefined;
    const uids = new Set([...all.map(({ pod }) => pod.uid), ...(stillThere === undefined ? [] : [stillThere.podUid])]);
    const macs = new Set([...all.map(({ claim }) => claim.mac), ...(stillThere === undefined ? [] : [stillThere.mac])]);
    const [podUid] = uids;
    const [mac] = macs;
    const isElsewhere = [...learned.values()].some(
      (owner) => owner.port !== port && uids.has(owner.podUid) && ports.get(owner.port) === owner.index,
    );
    if (podUid === undefined || mac === undefined || uids.size > 1 || macs.size > 1 || isElsewhere) {
      for (const { claim } of all) disputed.add(claim.address);
      continue;
    }
    const ips = [...new Set([...(stillThere?.ips ?? []), ...all.map(({ claim }) => claim.address)])];
    learned.set(port, { port, mac, ips, podUid, origin: 'learned', index: ports.get(port) ?? 0 });
  }
  return { learned: [...learned.values()], disputed: [...disputed].sort() };
};
