import { isDeepStrictEqual } from 'node:util';
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

/** Returns what a person typed about the Services, without the pods behind them. */
const typed = (services: World['services']): ReadonlyMap<string, unknown> =>
  new Map(
    services.map((service) => [
      inNamespace(service),
      { ips: service.clusterIPs, ports: service.ports.map(({ protocol, port }) => ({ protocol, port })) },
    ]),
  );

/** Returns the differences between two worlds in kubectl's style: `networkpolicy shop/deny-all created`. */
export const describeWorldChanges = (before: World, after: World): readonly string[] => [
  ...compare('namespace', before.snapshot.namespaces, after.snapshot.namespaces),
  ...compare(
    'pod',
    named(before.snapshot.pods.values(), inNamespace),
    named(after.snapshot.pods.values(), inNamespace),
  ),
  ...compare('service', typed(before.services), typed(after.services)),
  ...compare(
    'machine',
    named(before.externals, ({ name }) => name),
    named(after.externals, ({ name }) => name),
  ),
  ...compare('networkpolicy', before.snapshot.policies, after.snapshot.policies),
];
