import type { PodEndpoint } from '../../model/pod.ts';
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

/** Turns the request into rows: other pairs are not evaluated. */
export const questionOf = (
  { namespace, from, to }: Narrowing,
  pods: readonly PodEndpoint[],
  rowsOf: (pods: readonly PodEndpoint[]) => readonly Row[],
): Question => {
  const all = rowsOf(pods);
  const rows = (endpoint: Endpoint | undefined): readonly Row[] =>
    endpoint === undefined ? all : rowsOf(podsOf(endpoint, pods));
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

/** The rows of a question, each once, in the order of their names. */
export const rowsIn = ({ blocks, fromOutside, toOutside }: Question): readonly Row[] =>
  [
    ...new Set([
      ...blocks.flatMap(({ sources, destinations }) => [...sources, ...destinations]),
      ...fromOutside,
      ...toOutside,
    ]),
  ].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
