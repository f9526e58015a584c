import type { MapEdge } from './edges.ts';

/** Edges that are other ones than before: most updates of a busy cluster change few. */
export interface EdgeChanges {
  readonly changed: readonly MapEdge[];
  /** Ids. */
  readonly removed: readonly string[];
}

const isSame = (one: MapEdge, other: MapEdge): boolean =>
  one.count === other.count && one.last === other.last && one.state === other.state && one.ports === other.ports;

/** Compares the edges of two pictures. */
export const compareEdgeLists = (before: readonly MapEdge[], after: readonly MapEdge[]): EdgeChanges => {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  const changed = after.filter((edge) => {
    const old = known.get(edge.id);
    known.delete(edge.id);
    return old === undefined || !isSame(old, edge);
  });
  return { changed, removed: [...known.keys()] };
};

/** Returns the edges after changes; an edge that stays keeps its place. */
export const withChanges = (edges: readonly MapEdge[], { changed, removed }: EdgeChanges): readonly MapEdge[] => {
  const fresh = new Map(changed.map((edge) => [edge.id, edge]));
  const gone = new Set(removed);
  const kept = edges.flatMap((edge) => {
    const own = fresh.get(edge.id);
    fresh.delete(edge.id);
    return gone.has(edge.id) ? [] : [own ?? edge];
  });
  return [...kept, ...fresh.values()];
};
