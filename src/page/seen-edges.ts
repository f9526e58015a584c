import type { SeenFact } from './entries.ts';
import type { EdgeCollector } from './edges.ts';

/** Which pairs were seen, so that they are not drawn as unused or untried too. */
export interface SeenPairs {
  /** `from|to`. */
  readonly allowed: ReadonlySet<string>;
  /** `from|to|TCP|80`. */
  readonly refused: ReadonlySet<string>;
}

/** Folds the connections that were seen into edges between nodes of the map. @param idAt returns the node of an address */
export const addSeen = (
  seen: readonly SeenFact[],
  idAt: (address: string) => string,
  collector: EdgeCollector,
): SeenPairs => {
  const allowed = new Set<string>();
  const refused = new Set<string>();
  const groups = Map.groupBy(seen, ({ from, to, protocol, port, verdict }) =>
    [verdict, idAt(from), idAt(to), protocol, port].join('|'),
  );
  for (const [id, facts] of groups) {
    const [first] = facts;
    if (first === undefined) continue;
    const { verdict, protocol, port } = first;
    const [from, to] = [idAt(first.from), idAt(first.to)];
    if (verdict === 'allowed') allowed.add(`${from}|${to}`);
    else refused.add(`${from}|${to}|${protocol}|${port}`);
    collector.add({
      id,
      from,
      to,
      state: verdict,
      ports: `${protocol} ${port}`,
      question: { source: first.from, destination: first.to, protocol, port },
      count: facts.reduce((sum, each) => sum + each.count, 0),
      first: Math.min(...facts.map((each) => each.first)),
      last: Math.max(...facts.map((each) => each.last)),
    });
  }
  return { allowed, refused };
};
