import fc from 'fast-check';
import { NODES, type RawPod } from '../fuzz-cluster.ts';
import { labels, NAMESPACES } from './labels.ts';
import { containerPort } from './ports.ts';

/** Number of pod addresses per node: few, so that they are reused, and on both sides of the ipBlocks' edges. */
const ADDRESSES_PER_NODE = 6;

const addressOf = (six: boolean, node: number, at: number): string =>
  six ? `fd00:${node + 1}::${at + 1}` : `10.0.${node + 1}.${at + 1}`;

/** The states of pods: some are on the host network, some finished, some without an address yet. */
const STATES = [
  { weight: 20, arbitrary: fc.constant('running' as const) },
  { weight: 2, arbitrary: fc.constant('host' as const) },
  { weight: 2, arbitrary: fc.constant('finished' as const) },
  { weight: 1, arbitrary: fc.constant('pending' as const) },
  { weight: 1, arbitrary: fc.constant('unbound' as const) },
];

const fields = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  labels,
  state: fc.oneof(...STATES),
  node: fc.nat(NODES.length - 1),
  address: fc.nat(ADDRESSES_PER_NODE - 1),
  families: fc.constantFrom('4', '6', '46', '46', '46'),
  created: fc.nat(4),
  going: fc.nat(2).map((roll) => roll === 0),
  ports: fc.array(containerPort, { maxLength: 3 }),
  sidecarPorts: fc.option(fc.tuple(fc.boolean(), containerPort), { nil: undefined, freq: 6 }),
});

type Fields = typeof fields extends fc.Arbitrary<infer Each> ? Each : never;

const toPod = (given: Fields, at: number): RawPod => {
  const { namespace, state, node, address, families, created, going, ports, sidecarPorts } = given;
  const host = NODES[node];
  const own = [false, true]
    .filter((six) => families.includes(six ? '6' : '4'))
    .map((six) => addressOf(six, node, address));
  const ips = state === 'host' ? (host?.ips ?? []) : state === 'pending' || state === 'unbound' ? [] : own;
  const toList = (texts: readonly string[]) => texts.map((ip) => ({ ip }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name: `pod-${at}`,
      uid: `uid-${String(at).padStart(2, '0')}`,
      creationTimestamp: `2026-01-01T00:00:0${created}Z`,
      ...(going && { deletionTimestamp: '2026-01-01T00:01:00Z' }),
      labels: given.labels,
    },
    spec: {
      ...(state !== 'unbound' && host !== undefined && { nodeName: host.name }),
      ...(state === 'host' && { hostNetwork: true }),
      containers: [{ name: 'main', ports }],
      ...(sidecarPorts !== undefined && {
        initContainers: [
          { name: 'side', ...(sidecarPorts[0] && { restartPolicy: 'Always' }), ports: [sidecarPorts[1]] },
        ],
      }),
    },
    status: {
      phase: state === 'finished' ? 'Succeeded' : state === 'running' || state === 'host' ? 'Running' : 'Pending',
      ...(ips.length > 0 && { podIPs: toList(ips) }),
      ...(state !== 'unbound' && { hostIPs: toList(host?.ips ?? []) }),
    },
  };
};

export const pods: fc.Arbitrary<readonly RawPod[]> = fc
  .array(fields, { minLength: 1, maxLength: 12 })
  .map((all) => all.map(toPod));
