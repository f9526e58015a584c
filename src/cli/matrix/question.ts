import type { PodEndpoint } from '../../model/pod.ts';
import { byText } from '../../policy/text-order.ts';
import type { Question } from '../../reach/summary.ts';
import type { Row } from '../../reach/workloads.ts';
import type { Endpoint } from '../resolve/resolve.ts';

/** The requested part of a matrix: -n, --from and --to. */
export interface Narrowing {
  readonly namespace: string | undefined;
  readonly from: Endpoint | undefined;
  readonly to: Endpoint | undefined;
}

const podsOf = (endpoint: Endpoint | undefined, all: readonly PodEndpoint[]): readonly PodEndpoint[] => {
  if (endpoint === undefined) return all;
  return 'pods' in endpoint ? endpoint.pods : [];
};

const isOutside = (endpoint: Endpoint | undefined): boolean => endpoint === undefined || endpoint.kind === 'outside';

/** Returns the same row for the same pods, however often they are named. */
const createSharedRows = (): ((rows: readonly Row[]) => readonly Row[]) => {
  const known = new Map<string, Row>();
  return (rows) =>
    rows.map((row) => {
      const key = [row.name, ...row.pods.map(({ uid }) => uid)].join('\n');
      const shared = known.get(key) ?? row;
      known.set(key, shared);
      return shared;
    });
};

/** Turns the request into rows: other pairs are not evaluated. */
export const questionOf = (
  { namespace, from, to }: Narrowing,
  pods: readonly PodEndpoint[],
  rowsOf: (pods: readonly PodEndpoint[]) => readonly Row[],
): Question => {
  const shared = createSharedRows();
  const rows = (endpoint: Endpoint | undefined): readonly Row[] => shared(rowsOf(podsOf(endpoint, pods)));
  const [sources, destinations] = [rows(from), rows(to)];
  const isInside = (row: Row): boolean => namespace === undefined || row.namespace === namespace;
  const inside = { sources: sources.filter(isInside), destinations: destinations.filter(isInside) };
  return {
    blocks: [
      { sources: inside.sources, destinations },
      { sources: sources.filter((row) => !isInside(row)), destinations: inside.destinations },
    ].filter((block) => block.sources.length > 0 && block.destinations.length > 0),
    fromOutside: isOutside(from) ? inside.destinations : [],
    toOutside: isOutside(to) ? inside.sources : [],
  };
};

const sorted = (rows: Iterable<Row>): readonly Row[] => [...new Set(rows)].sort((a, b) => byText(a.name, b.name));

/** The rows that a question has as sources, each once, in the order of their names. */
export const sourcesIn = ({ blocks, toOutside }: Question): readonly Row[] =>
  sorted([...blocks.flatMap(({ sources }) => sources), ...toOutside]);

/** The rows that a question has as destinations, each once, in the order of their names. */
export const destinationsIn = ({ blocks, fromOutside }: Question): readonly Row[] =>
  sorted([...blocks.flatMap(({ destinations }) => destinations), ...fromOutside]);

/** The rows of a question, each once, in the order of their names. */
export const rowsIn = (question: Question): readonly Row[] =>
  sorted([...sourcesIn(question), ...destinationsIn(question)]);
