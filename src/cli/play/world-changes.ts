import { isDeepStrictEqual } from 'node:util';
import type { PodEndpoint } from '../../model/pod.ts';
import type { World } from './world.ts';

const compare = (what: string, before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): string[] => {
  const came = [...after.keys()].filter((key) => !before.has(key)).map((key) => `${what} ${key} created`);
  const gone = [...before.keys()].filter((key) => !after.has(key)).map((key) => `${what} ${key} deleted`);
  const changed = [...after]
    .filter(([key, value]) => before.has(key) && !isDeepStrictEqual(before.get(key), value))
    .map(([key]) => `${what} ${key} configured`);
  return [...came, ...changed, ...gone];
};

const named = <T>(objects: Iterable<T>, nameOf: (object: T) => string): ReadonlyMap<string, T> =>
  new Map(Array.from(objects, (object) => [nameOf(object), object]));

const inNamespace = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`;

/** Returns the pods of each workload, by `deployment shop/web`. */
const podsByWorkload = ({ snapshot }: World): ReadonlyMap<string, readonly PodEndpoint[]> =>
  Map.groupBy(
    [...snapshot.pods.values()].filter(({ workload }) => workload !== undefined),
    ({ namespace, workload = '' }) => {
      const [kind = '', name = ''] = workload.split('/');
      return `${kind.toLowerCase()} ${namespace}/${name}`;
    },
  );

/** Workloads with another number of pods than before, and the pods that this explains. */
const scaling = (
  before: World,
  after: World,
): { readonly lines: readonly string[]; readonly explained: ReadonlySet<PodEndpoint> } => {
  const was = podsByWorkload(before);
  const lines: string[] = [];
  const explained = new Set<PodEndpoint>();
  for (const [workload, pods] of podsByWorkload(after)) {
    const old = was.get(workload);
    if (old === undefined || old.length === pods.length) continue;
    lines.push(`${workload} scaled from ${old.length} to ${pods.length}`);
    const [names, oldNames] = [pods, old].map((each) => new Set(each.map(({ name }) => name)));
    for (const pod of old) if (names?.has(pod.name) === false) explained.add(pod);
    for (const pod of pods) if (oldNames?.has(pod.name) === false) explained.add(pod);
  }
  return { lines, explained };
};

/** Returns what a person typed about the Services, without the pods behind them. */
const typed = (services: World['services']): ReadonlyMap<string, unknown> =>
  new Map(
    services.map((service) => [
      inNamespace(service),
      { ips: service.clusterIPs, ports: service.ports.map(({ protocol, port }) => ({ protocol, port })) },
    ]),
  );

/** Returns the differences between two worlds in kubectl's style: `networkpolicy shop/deny-all created`. */
export const describeWorldChanges = (before: World, after: World): readonly string[] => {
  const { lines, explained } = scaling(before, after);
  const podsOf = ({ snapshot }: World): ReadonlyMap<string, PodEndpoint> =>
    named(
      [...snapshot.pods.values()].filter((pod) => !explained.has(pod)),
      inNamespace,
    );
  return [
    ...compare('namespace', before.snapshot.namespaces, after.snapshot.namespaces),
    ...lines,
    ...compare('pod', podsOf(before), podsOf(after)),
    ...compare('service', typed(before.services), typed(after.services)),
    ...compare(
      'machine',
      named(before.externals, ({ name }) => name),
      named(after.externals, ({ name }) => name),
    ),
    ...compare('networkpolicy', before.snapshot.policies, after.snapshot.policies),
  ];
};
