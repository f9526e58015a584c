import type { Entry, LabelPairs, Meta, PodFact, SeenFact } from '../../src/page/entries.ts';

/** A state of the page that tests and pictures show. */
export interface GalleryState {
  readonly name: string;
  readonly meta: Omit<Meta, 'leftOut'>;
  readonly entries: readonly Entry[];
}

const FOLDER = { title: 'manifests/', mode: 'folder', observes: false } as const;
const CLUSTER = { title: 'kind-dev', mode: 'cluster', observes: true } as const;

/** When the pictures of the gallery are from: one second ago. */
const now = (): number => Date.now() - 1_000;

const address = (number: number): string => `10.${64 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;

const pod = (
  namespace: string,
  name: string,
  number: number,
  port: number,
  labels: LabelPairs = [['app', name]],
  replica = 0,
): PodFact => ({
  kind: 'pod',
  uid: replica === 0 ? `${namespace}/${name}` : `${namespace}/${name}-${replica}`,
  namespace,
  name: replica === 0 ? name : `${name.slice(0, 240)}-${replica}`,
  workload: { kind: 'Deployment', name },
  node: 'node1',
  labels,
  ips: [address(number)],
  hostIPs: ['192.0.2.1'],
  hostNetwork: false,
  ports: [{ protocol: 'TCP', port }],
});

const namespace = (name: string): Entry => ({
  kind: 'namespace',
  name,
  labels: [['kubernetes.io/metadata.name', name]],
});

const policy = (space: string, name: string, spec: object): Entry => ({ kind: 'policy', namespace: space, name, spec });

const seen = (from: string, to: string, port: number, verdict: SeenFact['verdict'], count: number): SeenFact => ({
  kind: 'seen',
  from,
  to,
  protocol: 'TCP',
  port,
  verdict,
  count,
  first: now() - 600_000,
  last: now(),
});

const SHOP_PODS: readonly PodFact[] = [
  pod('shop', 'web', 1, 8080),
  pod('shop', 'web', 2, 8080, [['app', 'web']], 1),
  pod('shop', 'web', 3, 8080, [['app', 'web']], 2),
  pod('shop', 'cart', 4, 8080),
  pod('shop', 'api', 5, 8080, [
    ['app', 'api'],
    ['role', 'api'],
  ]),
  pod('data', 'postgres', 6, 5432),
  pod('data', 'redis', 7, 6379),
  pod('monitoring', 'prometheus', 8, 9090),
  pod('kube-system', 'coredns', 9, 53),
];

const SHOP: readonly Entry[] = [
  ...['shop', 'data', 'monitoring', 'kube-system'].map(namespace),
  ...SHOP_PODS,
  policy('data', 'only-api', {
    podSelector: { matchLabels: { app: 'postgres' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
            podSelector: { matchLabels: { role: 'api' } },
          },
        ],
        ports: [{ port: 5432 }],
      },
    ],
  }),
  policy('shop', 'web', {
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 8080 }] }],
  }),
];

const SHOP_SEEN: readonly Entry[] = [
  seen(address(1), address(6), 5432, 'refused', 41),
  seen(address(8), address(6), 5432, 'refused', 7),
  seen(address(5), address(6), 5432, 'allowed', 320),
  seen(address(1), address(5), 8080, 'allowed', 900),
  seen(address(4), address(7), 6379, 'allowed', 120),
  seen('203.0.113.9', address(1), 8080, 'allowed', 5_400),
  seen(address(5), '198.51.100.7', 443, 'allowed', 12),
  ...[50, 40, 12, 3].map(
    (minutes, number): Entry => ({
      kind: 'event',
      number,
      at: now() - minutes * 60_000,
      what: number % 2 === 0 ? 'policy' : 'refused',
      text:
        number % 2 === 0 ? 'policy data/only-api changed' : 'shop/web → data/postgres TCP 5432: refused from now on',
    }),
  ),
];

const LONG = `${'very-long-name-of-something-'.repeat(9)}x`.slice(0, 253);

const NAMES: readonly string[] = [
  'größe-der-dinge',
  'données-privées',
  'データベース',
  'قاعدة-البيانات',
  '<img-src=x-onerror=alert(1)>',
  LONG,
];

/** Returns a cluster of many workloads: each of a namespace may reach its neighbours, and has been seen doing so. */
export const manyWorkloads = (workloads: number, edges: number, namespaces: number): readonly Entry[] => {
  const nameOf = (at: number): string => `team-${String(at % namespaces).padStart(3, '0')}`;
  const pods = Array.from({ length: workloads }, (_, at) =>
    pod(nameOf(at), `service-${String(Math.floor(at / namespaces)).padStart(3, '0')}`, at + 1, 8080),
  );
  const spaces = Array.from({ length: namespaces }, (_, at) => nameOf(at));
  return [
    ...spaces.map(namespace),
    ...pods,
    ...spaces.map((name, at) =>
      policy(name, 'default', {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': nameOf(at + 1) } } }],
            ports: [{ port: 8080 }],
          },
        ],
      }),
    ),
    ...Array.from({ length: edges }, (_, at): Entry => {
      const from = (at * 7) % workloads;
      const to = (from + 1 + ((at * 13) % (workloads - 1))) % workloads;
      return seen(
        address(from + 1),
        address(to + 1),
        8_000 + Math.floor(at / workloads),
        at % 10 === 0 ? 'refused' : 'allowed',
        at,
      );
    }),
  ];
};

/** All states that the page was designed for. */
export const gallery = (): readonly GalleryState[] => [
  { name: 'shop', meta: CLUSTER, entries: [...SHOP, ...SHOP_SEEN] },
  { name: 'folder', meta: FOLDER, entries: SHOP },
  { name: 'empty', meta: FOLDER, entries: [] },
  { name: 'no policies', meta: CLUSTER, entries: [...SHOP, ...SHOP_SEEN].filter(({ kind }) => kind !== 'policy') },
  {
    name: 'faults',
    meta: FOLDER,
    entries: [
      ...SHOP,
      policy('shop', 'broken', { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/99' } }] }] }),
      { kind: 'problem', text: 'manifests/cart.yaml:3:1 Deployment shop/cart spec.template: is missing' },
    ],
  },
  {
    name: 'names',
    meta: { ...CLUSTER, title: '<script>alert(1)</script>' },
    entries: [
      ...NAMES.map(namespace),
      ...NAMES.map((name, at) => pod(name, name, at + 1, 80, [['app', name]])),
      ...NAMES.map((_, at) =>
        seen(address(at + 1), address(((at + 1) % NAMES.length) + 1), 80, at % 2 === 0 ? 'refused' : 'allowed', at + 1),
      ),
      { kind: 'problem', text: '<img src=x onerror="document.title=\'attacked\'">' },
    ],
  },
  {
    name: 'story',
    meta: { title: 'demo', mode: 'playground', observes: true },
    entries: [
      ...SHOP,
      ...SHOP_SEEN,
      {
        kind: 'story',
        number: 0,
        title: 'A shop',
        intro: 'Web pods, an API and a database.',
        steps: [
          { say: 'Without policies, everyone reaches the database.', commands: [] },
          { say: 'The database accepts the API alone.', commands: ['kubectl apply -f policies/only-api.yaml'] },
        ],
        at: 1,
        isShown: true,
        results: [
          {
            from: 'shop/api',
            attempt: 'curl http://postgres.data:5432',
            ending: 'HTTP 200 from data/postgres',
            verdict: 'allowed',
            isAsTold: true,
          },
          {
            from: 'shop/web',
            attempt: 'curl http://postgres.data:5432',
            ending: 'curl: (28) timed out',
            verdict: 'refused',
            isAsTold: true,
          },
        ],
      },
    ],
  },
  {
    name: 'silent node',
    meta: CLUSTER,
    entries: [
      ...SHOP,
      ...SHOP_SEEN,
      {
        kind: 'problem',
        text: 'node worker-2 does not answer (no answer in time): what its pods were refused is not shown',
      },
    ],
  },
  {
    name: 'clock skew',
    meta: CLUSTER,
    entries: [
      ...SHOP,
      ...SHOP_SEEN,
      { ...seen(address(4), address(6), 5432, 'refused', 3), last: Date.now() + 3_600_000 },
      {
        kind: 'problem',
        text: "the clock of node worker-2 is 3600 s ahead of this machine's: times of its connections are off",
      },
    ],
  },
  {
    name: 'missing rights',
    meta: { ...CLUSTER, observes: false },
    entries: [
      {
        kind: 'problem',
        text: 'networkpolicies cannot be read, so what is shown of them is old or missing: 403 Forbidden',
      },
      {
        kind: 'problem',
        text: 'the agents cannot be reached, so no connection of theirs is shown: pods "portcullis-x" is forbidden: cannot create resource "pods/exec"',
      },
    ],
  },
  {
    name: 'difference',
    meta: { ...FOLDER, against: 'before/' },
    entries: [
      ...SHOP,
      {
        kind: 'base',
        namespace: 'data',
        name: 'only-redis',
        spec: { podSelector: { matchLabels: { app: 'redis' } }, policyTypes: ['Ingress'], ingress: [] },
      },
    ],
  },
  { name: 'one namespace', meta: CLUSTER, entries: manyWorkloads(12, 30, 1) },
  { name: '500 namespaces', meta: CLUSTER, entries: manyWorkloads(1_000, 3_000, 500) },
];
