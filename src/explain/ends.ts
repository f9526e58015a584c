import { IP_FAMILIES, type IpFamily } from '../model/family.ts';
import type { Labels } from '../model/labels.ts';
import type { ContainerPort, PodEndpoint } from '../model/pod.ts';
import { familyOf, parseAddress } from '../policy/cidr.ts';
import { type AddressRange, addressOutside, describeRange, rangesCutBy } from '../trace/outside.ts';
import { allBlocks, type Reading, type WorkloadOf } from './reading.ts';

/** Pods that fare alike whatever the policies are, or addresses outside the cluster that do; one stands for all. */
export interface End {
  /** The workload, or the range of addresses. */
  readonly name: string;
  /** The pod that stands for the others; undefined outside the cluster. */
  readonly pod: PodEndpoint | undefined;
  /** At most one per family. */
  readonly ips: readonly string[];
  /** Those of another pod that fares alike, where there is one. */
  readonly twin: readonly string[] | undefined;
  /** The ports that the pod declares. */
  readonly ports: readonly ContainerPort[];
}

/** The ends that a cluster's connections can have, found namespace by namespace, as somebody asks. */
export interface Ends {
  /** Those of all pods. */
  readonly pods: readonly End[];
  /** Those of pods of the namespace. */
  inNamespace(name: string): readonly End[];
  /** Everything outside the cluster, cut where an ipBlock of some rule makes a difference. */
  readonly outside: readonly End[];
  /** Addresses in question that belong to no pod: each is a separate end. */
  readonly asked: readonly End[];
  /** The ends of the given pods. */
  of(pods: readonly PodEndpoint[]): readonly End[];
}

/** Returns which of the sorted starts the number comes after: equal for addresses that no cut parts. */
const partOf = (starts: readonly bigint[], base: bigint): number => {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0n) <= base) low = middle + 1;
    else high = middle;
  }
  return low;
};

const outsideEnd = (name: string, address: string): End => ({
  name,
  pod: undefined,
  ips: [address],
  twin: undefined,
  ports: [],
});

/** Numbers objects, with the same number for equal ones; reads an object that pods share only once. */
const createNumbers = <Value extends object>(textOf: (value: Value) => string): ((value: Value) => number) => {
  const byObject = new WeakMap<Value, number>();
  const byText = new Map<string, number>();
  return (value) => {
    const known = byObject.get(value);
    if (known !== undefined) return known;
    const text = textOf(value);
    const number = byText.get(text) ?? byText.size;
    byText.set(text, number);
    byObject.set(value, number);
    return number;
  };
};

/** Returns the addresses that more than one pod claims, or that are a pod's by no certain word. */
const doubtfulAddresses = (pods: Iterable<PodEndpoint>): ReadonlySet<string> => {
  const seen = new Set<string>();
  const doubtful = new Set<string>();
  for (const { hostNetwork, ips, sandbox, closed } of pods) {
    if (hostNetwork) continue;
    for (const ip of ips) {
      if (seen.has(ip) || sandbox !== undefined || closed !== undefined) doubtful.add(ip);
      seen.add(ip);
    }
  }
  return doubtful;
};

/**
 * Sorts the pods of a cluster by what a verdict can depend on.
 * @param asked the addresses in question, canonical
 */
export const findEnds = (reading: Reading, workloadOf: WorkloadOf, asked: readonly string[]): Ends => {
  const all = [...reading.snapshot.pods.values()];
  const subjects = all.filter(({ hostNetwork, ips }) => !hostNetwork && ips.length > 0);
  const podsByNamespace = Map.groupBy(subjects, ({ namespace }) => namespace);
  const doubtful = doubtfulAddresses(all);
  const blocks = allBlocks(reading);
  const ranges: Readonly<Record<IpFamily, readonly AddressRange[]>> = {
    ipv4: rangesCutBy(blocks, 'ipv4'),
    ipv6: rangesCutBy(blocks, 'ipv6'),
  };
  const starts = { ipv4: ranges.ipv4.map(({ from }) => from), ipv6: ranges.ipv6.map(({ from }) => from) };
  const labelsNumber = createNumbers<Labels>((labels) => JSON.stringify([...labels].sort()));
  const portsNumber = createNumbers<PodEndpoint['ports']>((ports) => JSON.stringify(ports));

  const partAt = (ip: string): string => {
    const family = familyOf(ip);
    return `${family}${partOf(starts[family], parseAddress(ip)?.base ?? 0n)}`;
  };
  const keyOf = (pod: PodEndpoint): string => {
    const own = pod.ips.some((ip) => doubtful.has(ip)) ? pod.uid : '';
    const nodes = asked.filter((address) => pod.hostIPs.includes(address));
    return [
      workloadOf(pod),
      labelsNumber(pod.labels),
      portsNumber(pod.ports),
      own,
      ...pod.ips.map(partAt),
      ...nodes,
    ].join('\n');
  };

  const known = new Map<string, ReadonlyMap<string, End>>();
  const endsOf = (namespace: string): ReadonlyMap<string, End> => {
    const found = known.get(namespace);
    if (found !== undefined) return found;
    const groups = Map.groupBy(podsByNamespace.get(namespace) ?? [], keyOf);
    const ends = new Map(
      [...groups].flatMap(([key, [pod, twin]]): (readonly [string, End])[] =>
        pod === undefined
          ? []
          : [[key, { name: workloadOf(pod), pod, ips: pod.ips, twin: twin?.ips, ports: pod.ports }]],
      ),
    );
    known.set(namespace, ends);
    return ends;
  };

  const own = new Set(subjects.flatMap(({ ips }) => ips));
  const findOutside = (): readonly End[] => {
    const inside = new Set([...asked, ...all.flatMap(({ ips, hostIPs }) => [...ips, ...hostIPs])]);
    const families = new Set([...inside].map(familyOf));
    return IP_FAMILIES.filter((family) => families.has(family)).flatMap((family) =>
      ranges[family].flatMap((range) => {
        const address = addressOutside(range, inside);
        return address === undefined ? [] : [outsideEnd(`outside ${describeRange(range)}`, address)];
      }),
    );
  };
  let outside: readonly End[] | undefined;

  return {
    get pods() {
      return [...podsByNamespace.keys()].flatMap((name) => [...endsOf(name).values()]);
    },
    inNamespace: (name) => [...endsOf(name).values()],
    asked: asked.filter((ip) => !own.has(ip)).map((ip) => outsideEnd(ip, ip)),
    get outside() {
      return (outside ??= findOutside());
    },
    of: (pods) => [...new Set(pods.flatMap((pod) => endsOf(pod.namespace).get(keyOf(pod)) ?? []))],
  };
};
