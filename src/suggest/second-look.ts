import { isHighPort } from './client-ports.ts';
import { describeEdge, type SeenLine } from './coverage.ts';
import { groupName } from './groups.ts';
import type { Party, SeenEdge } from './seen-edges.ts';

/** An edge that somebody should look at before a policy allows it for good, and why. */
export interface SecondLook extends SeenLine {
  readonly why: string;
}

/** Ports of databases, caches and stores as IANA or their projects assign them. */
const DATABASES: ReadonlyMap<number, string> = new Map([
  [1433, 'SQL Server'],
  [1521, 'Oracle'],
  [2379, 'etcd'],
  [3306, 'MySQL'],
  [5432, 'PostgreSQL'],
  [5984, 'CouchDB'],
  [6379, 'Redis'],
  [7000, 'Cassandra'],
  [8086, 'InfluxDB'],
  [9042, 'Cassandra'],
  [9200, 'Elasticsearch'],
  [11_211, 'memcached'],
  [26_257, 'CockroachDB'],
  [27_017, 'MongoDB'],
]);

const DATABASE_NAME =
  /(?:^|[-_.])(?:db|database|postgres(?:ql)?|mysql|mariadb|mongo(?:db)?|redis|etcd|cassandra|elasticsearch)(?:$|[-_.\d])/;

const namespaceOf = (party: Party): string | undefined => (party.kind === 'group' ? party.group.namespace : undefined);

const whyDatabase = ({ source, destination, port }: SeenEdge): string | undefined => {
  const [from, to] = [namespaceOf(source), namespaceOf(destination)];
  if (from === undefined || to === undefined || from === to || destination.kind !== 'group') return undefined;
  const kind = DATABASES.get(port);
  if (kind !== undefined) return `it is a database of another namespace, by its port (${kind})`;
  const isNamed = destination.group.workloads.some(({ name }) => DATABASE_NAME.test(name));
  return isNamed ? 'it is a database of another namespace, by its name' : undefined;
};

const whyAddress = ({ source, destination }: SeenEdge): string | undefined => {
  const [far, isSource] = destination.kind === 'address' ? [destination, false] : [source, true];
  if (far.kind !== 'address') return undefined;
  switch (far.class) {
    case 'metadata':
      return "it is the cloud's metadata address, which hands out credentials of the machine";
    case 'internet':
      return isSource ? 'it comes from the internet' : 'it goes to the internet';
    case 'node':
      return 'a node is named by its address: other nodes, and new ones, have others';
    case 'private':
      return 'the address belongs to nothing that is known in the cluster';
    case 'link':
      return 'the address is of one link';
  }
};

const whyPort = (edge: SeenEdge): string | undefined => {
  const { isDeclared, destination } = edge;
  if (isDeclared || destination.kind !== 'group') return undefined;
  if (isHighPort(edge)) return 'the port is one that clients use, and no container declares it';
  const declared = destination.group.pods.flatMap(({ ports }) => ports);
  return declared.length === 0 ? undefined : 'no container declares the port, though others are declared';
};

const whyAlike = ({ source, destination }: SeenEdge): string | undefined => {
  const alike = [source, destination].find((party) => party.kind === 'group' && party.group.workloads.length > 1);
  return alike?.kind === 'group'
    ? `no lasting label tells the workloads of ${groupName(alike.group)} apart`
    : undefined;
};

/** Returns the edges to look at again: each with every reason. */
export const secondLooks = (edges: readonly SeenEdge[]): readonly SecondLook[] =>
  edges.flatMap((edge) =>
    [whyAddress(edge), whyDatabase(edge), whyPort(edge), whyAlike(edge)].flatMap((why): readonly SecondLook[] =>
      why === undefined ? [] : [{ text: describeEdge(edge), why, ...edge.evidence }],
    ),
  );
