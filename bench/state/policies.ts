/** A NetworkPolicy to create. */
export interface BenchPolicy {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

export const policyOf = (namespace: string, name: string, spec: object): BenchPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace, name },
  spec,
});

const labels = (matchLabels: Readonly<Record<string, string>>) => ({ matchLabels });

/** `app` values are app-0 to app-9, teams team-0 to team-9 (see cluster.ts). `n` is the number of the namespace. */
const VARIANTS: readonly ((n: number) => object)[] = [
  // The whole namespace is closed, except for what other policies allow.
  () => ({ podSelector: {}, policyTypes: ['Ingress'] }),
  // One tier reaches the next.
  () => ({
    podSelector: labels({ tier: 'back' }),
    ingress: [{ from: [{ podSelector: labels({ tier: 'front' }) }], ports: [{ port: 8080 }] }],
  }),
  // The namespaces of a team, at a named port.
  (n) => ({
    podSelector: labels({ app: `app-${String(n % 10)}` }),
    ingress: [{ from: [{ namespaceSelector: labels({ team: `team-${String(n % 10)}` }) }], ports: [{ port: 'http' }] }],
  }),
  // A range with an except, and a range of ports.
  () => ({
    podSelector: labels({ tier: 'front' }),
    ingress: [
      {
        from: [{ ipBlock: { cidr: '192.168.0.0/16', except: ['192.168.7.0/24', '192.168.128.0/20'] } }],
        ports: [{ port: 30_000, endPort: 32_767 }],
      },
    ],
  }),
  // The data tier may reach only DNS and one tier.
  () => ({
    podSelector: labels({ tier: 'db' }),
    policyTypes: ['Egress'],
    egress: [
      {
        to: [{ namespaceSelector: labels({ 'kubernetes.io/metadata.name': 'ns-0' }) }],
        ports: [
          { protocol: 'UDP', port: 53 },
          { protocol: 'TCP', port: 53 },
        ],
      },
      { to: [{ podSelector: labels({ tier: 'back' }) }] },
    ],
  }),
  // Expressions on both sides.
  (n) => ({
    podSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['back', 'db'] }] },
    ingress: [
      {
        from: [
          {
            namespaceSelector: {
              matchExpressions: [{ key: 'team', operator: 'In', values: [`team-${String((n + 1) % 10)}`] }],
            },
            podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['app-0', 'app-1'] }] },
          },
        ],
        ports: [{ port: 5432 }],
      },
    ],
  }),
  // One application in all namespaces: a tenth of the cluster.
  (n) => ({
    podSelector: labels({ app: `app-${String((n + 3) % 10)}` }),
    ingress: [
      {
        from: [{ namespaceSelector: {}, podSelector: labels({ app: `app-${String(n % 10)}` }) }],
        ports: [{ port: 9090 }],
      },
    ],
  }),
  // The outside world without private networks.
  () => ({
    podSelector: labels({ tier: 'front' }),
    policyTypes: ['Egress'],
    egress: [
      {
        to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] } }],
        ports: [{ port: 443 }],
      },
    ],
  }),
  // Several peers, several ports.
  (n) => ({
    podSelector: labels({ tier: 'back' }),
    ingress: [
      {
        from: [
          { podSelector: labels({ app: `app-${String((n + 5) % 10)}` }) },
          { namespaceSelector: labels({ 'kubernetes.io/metadata.name': 'ns-1' }) },
          { ipBlock: { cidr: '203.0.113.0/24' } },
        ],
        ports: [{ port: 8443 }, { port: 9443 }, { protocol: 'UDP', port: 8125 }],
      },
    ],
  }),
  // Half of the cluster.
  () => ({
    podSelector: labels({ tier: 'front' }),
    ingress: [{ from: [{ namespaceSelector: labels({ env: 'production' }) }], ports: [{ port: 443 }] }],
  }),
];

/** Returns the `index`th policy of namespace number `n`: ten kinds in rotation. */
export const benchPolicy = (namespace: string, n: number, index: number): BenchPolicy => {
  const variant = VARIANTS[index % VARIANTS.length];
  return policyOf(namespace, `policy-${String(index)}`, variant?.(n) ?? {});
};
