import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import { NODE_ADDRESS } from '../stage/cast.ts';
import { OWN_NODE } from '../state/cluster.ts';
import { benchPod, type BenchPod, runningStatus } from '../state/pod.ts';
import { type BenchPolicy, policyOf } from '../state/policies.ts';
import { flood, type Grounds, type Traffic } from './flood.ts';

export const HOSTILE_NAMESPACE = 'hostile';

/** Number of the tenant's pods on the node. */
const PODS = 60;

/** A tenant who does anything that a namespace of its own allows. */
export interface HostileTenant {
  readonly name: string;
  readonly policies: readonly BenchPolicy[];
  /** An action to repeat while its policies exist, with pauses of about 25 ms. */
  readonly act?: (admin: AdminClient, turn: number) => Promise<unknown>;
  /** Starts traffic before its policies come; it ends before they are deleted. */
  readonly open?: (grounds: Grounds) => Promise<Traffic>;
  /** True if the row is measured on both iptables backends, because rules cost differently there. Others run on nft only. */
  readonly isOfRules?: true;
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

const many = (count: number, spec: (at: number) => object): readonly BenchPolicy[] =>
  numbers(count).map((at) => policyOf(HOSTILE_NAMESPACE, `p${at}`, spec(at)));

export const hostilePods = (): readonly { readonly pod: BenchPod; readonly status: object }[] =>
  numbers(PODS).map((at) => ({
    pod: benchPod({
      namespace: HOSTILE_NAMESPACE,
      name: `pod-${at}`,
      node: OWN_NODE,
      labels: { role: 'web', number: `n${at}` },
    }),
    status: runningStatus(addressOf(at), NODE_ADDRESS),
  }));

const addressOf = (at: number): string => `10.244.2.${10 + at}`;

const podAt = (at: number): BenchPod =>
  hostilePods()[at % PODS]?.pod ??
  benchPod({ namespace: HOSTILE_NAMESPACE, name: 'pod-0', node: OWN_NODE, labels: {} });

const PORTS = numbers(693).map((at) => ({ port: 2 + 3 * at, endPort: 3 + 3 * at, protocol: 'TCP' }));

const pierced = (count: number, of: number): readonly object[] =>
  numbers(count).map((at) => ({ ipBlock: { cidr: `11.${of}.${at}.0/24`, except: [`11.${of}.${at}.8/32`] } }));

/** Makes nearly 10,000 rules. */
const rules =
  (peers: number, both: boolean) =>
  (at: number): object => ({
    podSelector: {},
    policyTypes: both ? ['Ingress', 'Egress'] : ['Ingress'],
    ingress: [{ from: pierced(peers, at), ports: PORTS }],
    ...(both ? { egress: [{ to: pierced(peers, at), ports: PORTS }] } : {}),
  });

const everywhere = (expressions: readonly object[]): object => ({
  namespaceSelector: {},
  podSelector: { matchExpressions: expressions },
});

const values = (letter: string, at: number): readonly string[] => numbers(20_000).map((nth) => `${letter}${at}-${nth}`);

const small = (at: number): object => ({
  podSelector: {},
  ingress: [{ from: [{ podSelector: { matchLabels: { role: `c${at}` } } }], ports: [{ port: 1000 + at }] }],
});

/** Selects half of the policies for each pod, another half for each. */
const halves = (at: number): object => ({
  podSelector: {
    matchExpressions: [{ key: 'number', operator: 'NotIn', values: [`n${at}`, `n${at + 7}`, `n${at + 19}`] }],
  },
  ingress: [{ from: [{ podSelector: { matchLabels: { role: `c${at}` } } }], ports: [{ port: 1000 + at }] }],
});

export const HOSTILE_TENANTS: readonly HostileTenant[] = [
  { name: '12 policies of 9,900 rules for each direction', policies: many(12, rules(100, true)), isOfRules: true },
  {
    name: 'a policy of 8,900 rules, rewritten again and again',
    policies: many(1, rules(90, false)),
    isOfRules: true,
    act: (admin, turn) =>
      turn % 8 === 0
        ? admin.patch(policyOf(HOSTILE_NAMESPACE, 'p0', {}), { spec: rules(80 + ((turn / 8) % 10), false)(0) })
        : Promise.resolve(),
  },
  {
    name: 'a policy that asks for 2,000 sets of all pods',
    policies: many(1, () => ({
      podSelector: {},
      ingress: [
        { from: numbers(2_000).map((at) => everywhere([{ key: 'app', operator: 'NotIn', values: [`x${at}`] }])) },
      ],
    })),
  },
  {
    name: '8 policies of 45 sets of all pods',
    policies: many(8, (of) => ({
      podSelector: {},
      ingress: [
        { from: numbers(45).map((at) => everywhere([{ key: 'app', operator: 'NotIn', values: [`x${of}-${at}`] }])) },
      ],
    })),
  },
  {
    name: '10 policies of 400 selectors that all pods have to be compared with',
    policies: many(10, (of) => ({
      podSelector: {},
      ingress: [
        {
          from: numbers(400).map((at) =>
            everywhere([
              { key: `z${of}-${at}`, operator: 'DoesNotExist' },
              { key: 'app', operator: 'DoesNotExist' },
            ]),
          ),
        },
      ],
    })),
  },
  {
    name: '10 policies of In lists of 20,000 values',
    policies: many(10, (at) => ({
      podSelector: { matchExpressions: [{ key: 'role', operator: 'In', values: ['web', ...values('v', at)] }] },
      ingress: [{ from: [everywhere([{ key: 'role', operator: 'NotIn', values: values('w', at) }])] }],
    })),
  },
  {
    name: '10 policies of 10,000 blocks',
    policies: many(10, (of) => ({
      podSelector: {},
      ingress: [
        { from: numbers(10_000).map((at) => ({ ipBlock: { cidr: `${20 + of}.${at >> 8}.${at & 255}.0/26` } })) },
      ],
    })),
  },
  {
    name: '10 policies of a block with 10,000 excepts',
    policies: many(10, (of) => ({
      podSelector: {},
      ingress: [
        {
          from: [
            {
              ipBlock: {
                cidr: '0.0.0.0/0',
                except: numbers(10_000).map((at) => `${20 + of}.${at >> 8}.${at & 255}.0/26`),
              },
            },
          ],
        },
      ],
    })),
  },
  { name: '500 small policies of all his pods', policies: many(500, small), isOfRules: true },
  {
    name: '1,500 policies that select nobody',
    policies: many(1_500, (at) => ({ ...small(at), podSelector: { matchLabels: { role: `nobody-${at}` } } })),
  },
  {
    name: '100 policies with names of 253 characters that allow everything',
    policies: numbers(100).map((at) =>
      policyOf(HOSTILE_NAMESPACE, `x${at}-`.padEnd(253, 'y'), { podSelector: {}, ingress: [{}], egress: [{}] }),
    ),
  },
  {
    name: '60 policies, each pod by others of them, and labels that change',
    policies: many(60, halves),
    isOfRules: true,
    act: (admin, turn) =>
      admin.patch(podAt(turn), { metadata: { labels: { number: `n${(turn * 7) % PODS}`, turn: String(turn) } } }),
  },
  {
    name: 'pods that turn ready and unready',
    policies: many(20, small),
    act: (admin, turn) =>
      admin.patchStatus(podAt(turn), {
        conditions: [{ type: 'Ready', status: turn % 2 === 0 ? 'True' : 'False' }],
        podIPs: [{ ip: addressOf(turn % PODS) }],
      }),
  },
  {
    name: 'policies that cannot be carried out, rewritten again and again',
    policies: many(30, rules(110, false)),
    isOfRules: true,
    act: (admin, turn) =>
      admin.patch(policyOf(HOSTILE_NAMESPACE, `p${turn % 30}`, {}), {
        spec: { ingress: [{ ports: PORTS, from: pierced(111 + (turn % 9), 1) }] },
      }),
  },
  {
    name: 'a flood of datagrams that fills a share of the table of connections',
    open: flood('hostile-flooded', addressOf(0)),
    // Half of the flood is cut when they come, and comes back when they go.
    policies: many(4, (at) => ({
      podSelector: {},
      ingress: [{ ports: [{ protocol: 'UDP', port: 1 + at, endPort: 30_000 + at }] }],
    })),
  },
];
