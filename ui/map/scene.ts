import type { EdgeState, MapEdge } from '../../src/page/edges.ts';
import type { Layout } from '../../src/page/layout.ts';
import type { MapNode } from '../../src/page/picture.ts';

/** A canvas of the page, or one of a worker. */
export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** The part of the map that is on the screen: a point of the map is at `x + point × scale` pixels. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

/** Colours of the theme, from the style sheet. */
export type Colours = Readonly<
  Record<'ground' | 'island' | 'line' | 'text' | 'dim' | 'node' | 'accent' | EdgeState | 'opens' | 'closes', string>
>;

export const COLOUR_NAMES: readonly (keyof Colours)[] = [
  'ground',
  'island',
  'line',
  'text',
  'dim',
  'node',
  'accent',
  'refused',
  'allowed',
  'untried',
  'unused',
  'opens',
  'closes',
];

/** The effect of an edit on a pair of nodes. */
export interface Change {
  readonly from: string;
  readonly to: string;
  readonly kind: 'opens' | 'closes';
}

/** What a node looks like. */
export type DrawnNode = Pick<MapNode, 'id' | 'kind' | 'namespace' | 'name' | 'pods' | 'ingress' | 'egress'>;

/** What an edge looks like. How often it was seen does not show. */
export type DrawnEdge = Pick<MapEdge, 'id' | 'from' | 'to' | 'state'>;

/** Everything that a layer of the map shows; plain data, so that it goes to a worker. */
export interface Scene {
  readonly layout: Layout;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  readonly changes: readonly Change[];
  readonly lit: ReadonlySet<string> | undefined;
  readonly found: ReadonlySet<string> | undefined;
  readonly selected: string;
}

const isSameSet = (one: ReadonlySet<string> | undefined, other: ReadonlySet<string> | undefined): boolean =>
  one === other || (one !== undefined && one.size === other?.size && [...one].every((each) => other.has(each)));

const isSameList = <T>(one: readonly T[], other: readonly T[], isSame: (a: T, b: T) => boolean): boolean =>
  one === other ||
  (one.length === other.length &&
    one.every((each, at) => {
      const twin = other[at];
      return twin !== undefined && isSame(each, twin);
    }));

/** Reports whether two scenes look alike. Counts of connections change all the time, and do not show. */
export const looksAlike = (one: Scene, other: Scene): boolean =>
  one.layout === other.layout &&
  one.selected === other.selected &&
  isSameList(one.changes, other.changes, (a, b) => a === b) &&
  isSameSet(one.lit, other.lit) &&
  isSameSet(one.found, other.found) &&
  isSameList(one.nodes, other.nodes, (a, b) => a === b) &&
  isSameList(one.edges, other.edges, ({ id }, twin) => id === twin.id);

/** Returns a scene without what does not show: less to copy to a worker. */
export const onlyDrawn = (scene: Scene): Scene => ({
  ...scene,
  nodes: scene.nodes.map(({ id, kind, namespace, name, pods, ingress, egress }) => ({
    id,
    kind,
    namespace,
    name,
    pods,
    ingress,
    egress,
  })),
  edges: scene.edges.map(({ id, from, to, state }) => ({ id, from, to, state })),
});
