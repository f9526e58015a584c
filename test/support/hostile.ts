import fc from 'fast-check';
import { assemble } from '../../src/cluster/manifest/assemble.ts';
import { readManifest } from '../../src/cluster/manifest/read-manifest.ts';
import { createIntern } from '../../src/cluster/intern.ts';
import type { RawObject } from '../../src/cluster/raw.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS, type Resource } from '../../src/cluster/resource.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';

/** Texts with a meaning for a shell, restore text, a terminal, JavaScript or a file system. */
export const WEAPONS: readonly string[] = [
  '"',
  '\\"',
  '" -j ACCEPT',
  "' -j ACCEPT '",
  '-j ACCEPT',
  '--comment',
  '-j PORTCULLIS-FORWARD',
  '\n-I FORWARD 1 -j ACCEPT\nCOMMIT\n*security\n',
  '\r\nCOMMIT\r\n',
  '\nflush portcullis-4-governed\n',
  '$(reboot)',
  '`reboot`',
  '; reboot #',
  '| tee /etc/passwd',
  '%s%n%x',
  '../../../etc/passwd',
  'a/b',
  '\\',
  '\0',
  '\t',
  '\u001b[2J\u001b]0;title\u0007',
  '\u009b2J',
  '\u2028',
  '\u202egnp.exe',
  '\u{e0041}',
  '\ud800',
  'é'.repeat(300),
  '😀'.repeat(200),
  'x'.repeat(10_000),
  ':'.repeat(10_000),
  '__proto__',
  'constructor',
  'toString',
  '#',
  '!',
  '',
  ' ',
  '0.0.0.0/0',
  'web',
];

/** Any text, often with one of those above, also inside other text. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...WEAPONS),
  fc
    .tuple(fc.constantFrom('a', 'shop', '10.1.1.1'), fc.constantFrom(...WEAPONS), fc.constantFrom('', 'z'))
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
);

/** A valid value, or anything else. */
const mostly = <T>(sound: fc.Arbitrary<T>): fc.Arbitrary<T | string> =>
  fc.oneof({ arbitrary: sound, weight: 6 }, { arbitrary: hostileText, weight: 1 });

const labelKey = mostly(fc.constantFrom('app', 'tier'));
const labelValue = mostly(fc.constantFrom('a', 'b'));
const labels = fc.dictionary(labelKey, labelValue, { maxKeys: 3 });

const requirement = fc.record({
  key: labelKey,
  operator: mostly(fc.constantFrom('In', 'NotIn', 'Exists')),
  values: fc.array(labelValue, { maxLength: 2 }),
});

const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(requirement, { maxLength: 1 }) },
  { requiredKeys: [] },
);

const cidr = mostly(fc.constantFrom('10.1.1.0/24', '0.0.0.0/0', 'fd00::/64', '203.0.113.7/32'));

const peer = fc.oneof(
  fc.record({ podSelector: selector, namespaceSelector: selector }, { requiredKeys: [] }),
  fc.record({ ipBlock: fc.record({ cidr, except: fc.array(cidr, { maxLength: 1 }) }, { requiredKeys: ['cidr'] }) }),
);

const port = fc.record(
  {
    protocol: mostly(fc.constantFrom('TCP', 'UDP')),
    port: fc.oneof(fc.constantFrom<number | string>(80, 'web'), hostileText, fc.double()),
    endPort: fc.integer({ min: 80, max: 90 }),
  },
  { requiredKeys: [] },
);

const rules = (peers: 'from' | 'to'): fc.Arbitrary<unknown> =>
  fc.array(
    fc.record(
      { [peers]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  );

const spec = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        podSelector: selector,
        policyTypes: fc.array(mostly(fc.constantFrom('Ingress', 'Egress')), { maxLength: 2 }),
        ingress: rules('from'),
        egress: rules('to'),
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: fc.oneof(fc.jsonValue(), fc.dictionary(hostileText, fc.jsonValue(), { maxKeys: 2 })) },
);

/** Objects of an API server that checks nothing. */
export interface HostileObjects {
  readonly namespaces: readonly RawObject[];
  readonly pods: readonly RawObject[];
  readonly policies: readonly RawObject[];
}

export const POD_ADDRESSES: readonly string[] = ['10.1.1.1', '10.1.1.2', '10.1.2.1', 'fd00::1'];

/** The names of the objects, apart from the rest, so that the same cluster can have other names. */
interface Cast {
  readonly namespaces: readonly { readonly name: string; readonly labels: unknown }[];
  readonly pods: readonly {
    readonly namespace: number;
    readonly name: string;
    readonly labels: unknown;
    readonly ips: readonly string[];
    readonly portName: string;
  }[];
  readonly policies: readonly { readonly namespace: number; readonly name: string; readonly spec: unknown }[];
}

/** Renames an item of a list. */
type Naming = (name: string, at: number) => string;

const metadataOf = (namespace: string, name: string, more: object = {}): RawObject => ({ namespace, name, ...more });

const castAs = (cast: Cast, naming: Naming): HostileObjects => {
  const namespaceName = (at: number): string => naming(cast.namespaces[at]?.name ?? '', at);
  return {
    namespaces: cast.namespaces.map(({ labels: given }, at) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespaceName(at), labels: given },
    })),
    pods: cast.pods.map(({ namespace, name, labels: given, ips, portName }, at) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: metadataOf(namespaceName(namespace), naming(name, at), { uid: `uid-${at}`, labels: given }),
      spec: { nodeName: 'n1', containers: [{ ports: [{ name: portName, containerPort: 80 + at }] }] },
      status: { podIPs: ips.map((ip) => ({ ip })) },
    })),
    policies: cast.policies.map(({ namespace, name, spec: given }, at) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadataOf(namespaceName(namespace), naming(name, at)),
      spec: given,
    })),
  };
};

const namespaceIndex = fc.constantFrom(0, 1);

/** Returns nothing for an object without a name, which manifests refuse. */
const hostileName = hostileText.filter((name) => name !== '');
const byName = { selector: ({ name }: { readonly name: string }): string => name };

const cast: fc.Arbitrary<Cast> = fc
  .record({
    namespaces: fc.uniqueArray(fc.record({ name: hostileName, labels }), { minLength: 2, maxLength: 2, ...byName }),
    pods: fc.uniqueArray(
      fc.record({
        namespace: namespaceIndex,
        name: hostileName,
        labels,
        odd: fc.option(hostileText, { freq: 5, nil: undefined }),
        portName: mostly(fc.constant('web')),
      }),
      { minLength: POD_ADDRESSES.length, maxLength: POD_ADDRESSES.length, ...byName },
    ),
    policies: fc.uniqueArray(fc.record({ namespace: namespaceIndex, name: hostileName, spec }), {
      minLength: 1,
      maxLength: 3,
      ...byName,
    }),
  })
  .map(({ namespaces, pods, policies }) => ({
    namespaces,
    policies,
    pods: pods.map(({ odd, ...pod }, at) => ({
      ...pod,
      ips: [...(odd === undefined ? [] : [odd]), POD_ADDRESSES[at] ?? ''],
    })),
  }));

/** Returns the same cluster twice: with hostile names, and with the names `a0`, `a1`, … */
export const hostileTwins: fc.Arbitrary<{ readonly hostile: HostileObjects; readonly plain: HostileObjects }> =
  cast.map((given) => ({ hostile: castAs(given, (name) => name), plain: castAs(given, (_, at) => `a${at}`) }));

export const hostileObjects: fc.Arbitrary<HostileObjects> = hostileTwins.map(({ hostile }) => hostile);

/** Returns the objects as the informers keep them. */
export const asInformed = ({ namespaces, pods, policies }: HostileObjects): ClusterSnapshot => {
  const intern = createIntern();
  const kept = <K extends string, T>(resource: Resource<K, T>, raws: readonly RawObject[]): ReadonlyMap<K, T> =>
    new Map(
      raws.flatMap((raw): readonly (readonly [K, T])[] => {
        const key = resource.keyOf(raw);
        const value = resource.trim(raw, intern);
        return key === undefined || value === undefined ? [] : [[key, value]];
      }),
    );
  return {
    namespaces: kept(NAMESPACES, namespaces),
    pods: kept(PODS, pods),
    policies: kept(NETWORK_POLICIES, policies),
  };
};

/** Returns the objects as from a folder of manifests, which no API server has checked. */
export const asManifests = ({ namespaces, pods, policies }: HostileObjects): ClusterSnapshot => {
  const list = { apiVersion: 'v1', kind: 'List', items: [...namespaces, ...pods, ...policies] };
  return assemble([readManifest(JSON.stringify(list), 'hostile.json')], 1, createIntern()).snapshot;
};
