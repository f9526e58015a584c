import type { ContainerPort, PodEndpoint } from '../model/pod.ts';
import type { Protocol } from '../model/protocol.ts';
import { familyOf } from '../policy/cidr.ts';
import { compileNodePolicy } from '../policy/compile.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { type ClusterReach, createClusterReach } from '../reach/cluster-reach.ts';
import { ALL, NONE, type PortSets, type PortsId } from '../reach/port-sets.ts';
import { createRows, type Row } from '../reach/workloads.ts';
import { describePorts } from '../trace/port-set.ts';
import type { PageCluster } from './cluster.ts';
import { type EdgeState, holdsPort, type MapEdge, portToAsk } from './edges.ts';
import { addOutside, type OutsideSample } from './outside-edges.ts';
import { createOutsideFinder } from './outside-nodes.ts';
import { addSeen } from './seen-edges.ts';

/** A workload, or something outside the cluster. */
export interface MapNode {
  /** `shop/web`, `outside/internet`. Stays the same while names stay. */
  readonly id: string;
  readonly kind: 'workload' | 'outside';
  /** '' outside the cluster. */
  readonly namespace: string;
  /** The name without the namespace. */
  readonly name: string;
  /** `Deployment`; '' outside the cluster. */
  readonly workloadKind: string;
  readonly pods: number;
  readonly ips: readonly string[];
  readonly labels: readonly (readonly [string, string])[];
  readonly ports: readonly { readonly protocol: Protocol; readonly port: number }[];
  /** The policies that isolate it; undefined where nothing isolates the direction. */
  readonly ingress: readonly string[] | undefined;
  readonly egress: readonly string[] | undefined;
}

/** Which ports each workload may reach of each other one. */
export interface Matrix {
  /** Ids of nodes, in the order of rows and columns. */
  readonly ids: readonly string[];
  /** The number of each pair's ports, row by row. -1: no such connection. */
  readonly cells: Int32Array;
  /** Text by number. */
  readonly texts: ReadonlyMap<number, string>;
}

/** Everything that the map and the matrix show. */
export interface Picture {
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  readonly matrix: Matrix;
  /** Edges that were left out, by state. */
  readonly leftOut: Readonly<Record<EdgeState, number>>;
  /** Faults of policies: such a policy allows nothing. */
  readonly faults: readonly string[];
  readonly pods: number;
  /** Pods on the host network, to which policies do not apply. */
  readonly hostPods: number;
}

/** A picture with what later questions need. */
export interface DrawnPicture {
  readonly picture: Picture;
  readonly reach: ClusterReach;
  readonly rows: readonly Row[];
  readonly policy: NodePolicy;
}

/** More of a kind makes a map that nobody can read; seen edges are kept before others. */
const MOST_EDGES: Readonly<Record<EdgeState, number>> = {
  refused: 12_000,
  allowed: 12_000,
  unused: 4_000,
  untried: 4_000,
};

type Verdicts = (source: number, destination: number) => PortsId | undefined;

/** Unites the verdicts of both families: a connection over either counts. */
const unitedPorts = ({ families, portSets }: ClusterReach): Verdicts => {
  const [only] = families;
  if (families.length === 1 && only !== undefined) return only.ports;
  return (source, destination) => {
    let united: PortsId | undefined;
    for (const family of families) {
      const ports = family.ports(source, destination);
      if (ports !== undefined) united = united === undefined ? ports : portSets.unite(united, ports);
    }
    return united;
  };
};

const isolatorsOf = (policy: NodePolicy, direction: 'ingress' | 'egress'): ReadonlyMap<string, readonly string[]> =>
  new Map(
    policy.isolations
      .filter((isolation) => isolation.direction === direction)
      .flatMap(({ pods, policies }) => pods.map(({ uid }) => [uid, policies] as const)),
  );

/** Returns addresses of one family for a connection between different pods of two rows; undefined where there is none. */
const addressesOf = (source: Row, destination: Row): readonly [string, string] | undefined => {
  for (const to of destination.pods) {
    const from = source.pods.find((pod) => pod !== to);
    for (const ip of to.ips) {
      const own = from?.ips.find((each) => familyOf(each) === familyOf(ip));
      if (own !== undefined) return [own, ip];
    }
  }
  return undefined;
};

const describeDeclared = (ports: readonly Pick<ContainerPort, 'protocol' | 'port'>[]): string =>
  [...Map.groupBy(ports, ({ protocol }) => protocol)]
    .map(([protocol, own]) => `${protocol} ${[...new Set(own.map(({ port }) => port))].join(',')}`)
    .join(' ');

const createCollector = () => {
  const edges: MapEdge[] = [];
  const counts: Record<EdgeState, number> = { refused: 0, allowed: 0, unused: 0, untried: 0 };
  const leftOut: Record<EdgeState, number> = { refused: 0, allowed: 0, unused: 0, untried: 0 };
  return {
    edges,
    leftOut,
    add(edge: MapEdge) {
      if (counts[edge.state] >= MOST_EDGES[edge.state]) {
        leftOut[edge.state] += 1;
        return;
      }
      counts[edge.state] += 1;
      edges.push(edge);
    },
  };
};

const nodeOf = (
  { name, namespace, pods }: Row,
  { workloadOf }: PageCluster,
  isolators: Readonly<Record<'ingress' | 'egress', ReadonlyMap<string, readonly string[]>>>,
): MapNode => {
  const [pod] = pods;
  const uid = pod?.uid ?? '';
  return {
    id: name,
    kind: 'workload',
    namespace,
    name: name.slice(namespace.length + 1),
    workloadKind: pod === undefined ? '' : workloadOf(pod).kind,
    pods: pods.length,
    ips: pods.flatMap(({ ips }) => ips).slice(0, 20),
    labels: [...(pod?.labels ?? [])],
    ports: (pod?.ports ?? []).map(({ protocol, port }) => ({ protocol, port })),
    ingress: isolators.ingress.get(uid),
    egress: isolators.egress.get(uid),
  };
};

const outsideNode = (id: string, name: string, sample: OutsideSample | undefined): MapNode => ({
  id,
  kind: 'outside',
  namespace: '',
  name,
  workloadKind: '',
  pods: 0,
  ips: sample === undefined ? [] : sample.addresses,
  labels: [],
  ports: [],
  ingress: undefined,
  egress: undefined,
});

/**
 * Works out what the page shows of a cluster.
 * @param portSets of another picture that this one is compared with
 */
export const drawPicture = (cluster: PageCluster, portSets?: PortSets): DrawnPicture => {
  const { snapshot, workloadOf } = cluster;
  const policy = compileNodePolicy(snapshot, undefined);
  const all = [...snapshot.pods.values()];
  const pods = all.filter(({ hostNetwork, ips }) => !hostNetwork && ips.length > 0);
  const families = [...new Set(pods.flatMap(({ ips }) => ips.map(familyOf)))].sort();
  const reach = createClusterReach({
    policy,
    everyPod: all,
    pods,
    families: families.length === 0 ? ['ipv4'] : families,
    ...(portSets === undefined ? {} : { portSets }),
  });
  const rows = createRows(reach, pods, pods, workloadOf);
  const isolators = { ingress: isolatorsOf(policy, 'ingress'), egress: isolatorsOf(policy, 'egress') };
  const nodes = rows.map((row) => nodeOf(row, cluster, isolators));
  const rowAt = new Map<string, Row>(
    rows.flatMap((row) => row.pods.flatMap(({ ips }) => ips.map((ip) => [ip, row] as const))),
  );
  const finder = createOutsideFinder(cluster.outside, new Set(all.flatMap(({ hostIPs }) => hostIPs)));
  const collector = createCollector();
  const idAt = (address: string): string => rowAt.get(address)?.name ?? finder.idOf(address);

  const seen = addSeen(cluster.seen, idAt, collector);
  const ports = unitedPorts(reach);
  const isRuled = (source: number, destination: number): boolean =>
    reach.families.some((family) => family.isRuled(source, destination));
  const cells = new Int32Array(rows.length * rows.length);
  const texts = new Map<PortsId, string>();
  const declaredOf = new Map<Row, PodEndpoint['ports']>(
    rows.map((row) => [row, row.pods.flatMap((pod) => pod.ports).slice(0, 50)]),
  );

  const addPair = (source: Row, destination: Row, id: PortsId): void => {
    const pair = `${source.name}|${destination.name}`;
    const open = reach.portSets.get(id);
    const declared = declaredOf.get(destination) ?? [];
    const addresses = (): readonly [string, string] => addressesOf(source, destination) ?? ['', ''];
    const base = { from: source.name, to: destination.name, count: 0, first: 0, last: 0 };
    if (id !== NONE && isRuled(source.podClass, destination.podClass) && !seen.allowed.has(pair)) {
      const [from, to] = addresses();
      collector.add({
        ...base,
        id: `unused|${pair}`,
        state: 'unused',
        ports: describePorts(open),
        question: { source: from, destination: to, ...portToAsk(open, declared) },
      });
    }
    if (id === ALL) return;
    const refused = declared.filter(
      ({ protocol, port }) => !holdsPort(open, protocol, port) && !seen.refused.has(`${pair}|${protocol}|${port}`),
    );
    const [first] = refused;
    if (first === undefined) return;
    const [from, to] = addresses();
    collector.add({
      ...base,
      id: `untried|${pair}`,
      state: 'untried',
      ports: describeDeclared(refused),
      question: { source: from, destination: to, protocol: first.protocol, port: first.port },
    });
  };

  rows.forEach((source, row) => {
    rows.forEach((destination, column) => {
      const at = row * rows.length + column;
      const id =
        source === destination && source.pods.length < 2 ? undefined : ports(source.podClass, destination.podClass);
      cells[at] = id ?? -1;
      if (id === undefined) return;
      if (!texts.has(id)) texts.set(id, describePorts(reach.portSets.get(id)));
      addPair(source, destination, id);
    });
  });
  const outside = addOutside({ reach, rows, outside: cluster.outside, seen, declaredOf, ports }, collector);
  const used = new Set(collector.edges.flatMap(({ from, to }) => [from, to]));
  const outsideNodes = [...used]
    .filter((id) => id.startsWith('outside/'))
    .concat(cluster.outside.map(({ name }) => `outside/${name}`))
    .sort();
  return {
    picture: {
      nodes: [...nodes, ...[...new Set(outsideNodes)].map((id) => outsideNode(id, finder.nameOf(id), outside.get(id)))],
      edges: collector.edges,
      matrix: { ids: rows.map(({ name }) => name), cells, texts },
      leftOut: collector.leftOut,
      faults: policy.faults.map(({ policy: key, field, message }) => `${key} ${field.join('.')}: ${message}`),
      pods: pods.length,
      hostPods: all.filter(({ hostNetwork }) => hostNetwork).length,
    },
    reach,
    rows,
    policy,
  };
};
