import { mayMirror, type Mirroring } from '../addresses/find-owners.ts';
import type { NodeBridges, PortOwner } from '../model/bridge-port.ts';
import type { PodLink } from '../model/pod-link.ts';

/** A pod of the node from the API, or a closed one for a sandbox whose pod the API does not know. */
export interface LocalPod extends Mirroring {
  readonly uid: string;
  readonly ips: readonly string[];
}

/** An owner that was learned from answers, and its interface. */
export interface LearnedOwner extends PortOwner {
  /** The kernel's index of the port. */
  readonly index: number;
}

export interface Owners {
  readonly owners: readonly PortOwner[];
  /** Canonical addresses of pods whose port is not known. */
  readonly unowned: readonly string[];
  /** Sorted ports that two results name: they have no owner. */
  readonly disputed: readonly string[];
}

const fromResult = (link: PodLink, ports: ReadonlyMap<string, number>): readonly PortOwner[] => {
  const { ips, bridged } = link;
  if (bridged === undefined) return [];
  // The bridge itself is not a port.
  const port = bridged.nodeInterfaces.find((name) => ports.has(name));
  return port === undefined ? [] : [{ port, mac: bridged.mac, ips, podUid: bridged.podUid, origin: 'result' }];
};

/** Returns the owner of each port: from CNI results first, then as learned, if the port is still the same. */
export const settleOwners = (
  { bridges }: NodeBridges,
  links: readonly PodLink[],
  learned: readonly LearnedOwner[],
  pods: readonly LocalPod[],
): Owners => {
  const ports = new Map(bridges.flatMap((bridge) => bridge.ports.map(({ name, index }) => [name, index] as const)));
  const known = new Map(pods.map((pod) => [pod.uid, pod]));
  const told = pods.filter(({ closed }) => closed === undefined);
  // The API knows a static pod by another UID than the one that the network plugin got.
  const named = (owner: PortOwner): PortOwner => {
    const noted = known.get(owner.podUid);
    if (noted !== undefined && noted.closed !== 'unknown') return owner;
    const uid = told.find(
      (pod) => pod.ips.some((ip) => owner.ips.includes(ip)) && (noted === undefined || mayMirror(pod, noted)),
    )?.uid;
    return uid === undefined ? owner : { ...owner, podUid: uid };
  };
  const results = links.flatMap((link) => fromResult(link, ports)).map(named);
  const byPort = Map.groupBy(results, ({ port }) => port);
  const disputed: string[] = [];
  const byResult = [...byPort].flatMap(([port, all]): readonly PortOwner[] => {
    // A crash may have left the result of a deleted pod behind.
    const living = all.length > 1 ? all.filter(({ podUid }) => known.has(podUid)) : all;
    if (living.length === 1) return living;
    disputed.push(port);
    return [];
  });
  const toldPorts = new Set(byResult.map(({ port }) => port));
  const taken = new Set(byResult.flatMap(({ ips }) => ips));
  const found = learned
    .filter(({ port, index }) => ports.get(port) === index && !toldPorts.has(port))
    .map(({ port, mac, ips, podUid, origin }) => ({
      port,
      mac,
      ips: ips.filter((ip) => !taken.has(ip)),
      podUid,
      origin,
    }))
    .filter(({ ips }) => ips.length > 0);
  const owners = [...byResult, ...found];
  const owned = new Set(owners.flatMap(({ ips }) => ips));
  return {
    owners,
    unowned: pods.flatMap(({ ips }) => ips).filter((ip) => !owned.has(ip)),
    disputed: disputed.sort(),
  };
};
