import type { Layout, Place } from '../../src/page/layout.ts';
import type { EdgeState, MapEdge } from '../../src/page/edges.ts';
import type { MapNode } from '../../src/page/picture.ts';

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

/** The effect of an edit on a pair of nodes. */
export interface Change {
  readonly from: string;
  readonly to: string;
  readonly kind: 'opens' | 'closes';
}

export interface Scene {
  readonly layout: Layout;
  readonly nodes: readonly MapNode[];
  readonly edges: readonly MapEdge[];
  readonly changes: readonly Change[];
  readonly lit: ReadonlySet<string> | undefined;
  readonly found: ReadonlySet<string> | undefined;
  readonly selected: string;
  /** The node that the keyboard or the pointer is at. */
  readonly hovered: string;
}

export const NODE_RADIUS = 15;
/** Below this scale namespaces are drawn as wholes, and their connections bundled. */
const FAR_SCALE = 0.32;
/** Below this scale names of workloads are left out. */
const NAMES_SCALE = 0.34;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

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

interface Curve {
  readonly from: Place;
  readonly control: Place;
  readonly to: Place;
  readonly middle: Place;
}

/** A curve from the rim of one node to the rim of another; the way back bends to the other side. */
export const curveBetween = (a: Place, b: Place): Curve => {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = Math.hypot(dx, dy) || 1;
  const bend = Math.min(70, 14 + length * 0.11);
  const control = { x: (a.x + b.x) / 2 - (dy / length) * bend, y: (a.y + b.y) / 2 + (dx / length) * bend };
  const rim = (end: Place, gap: number): Place => {
    const [cx, cy] = [control.x - end.x, control.y - end.y];
    const size = Math.hypot(cx, cy) || 1;
    return { x: end.x + (cx / size) * gap, y: end.y + (cy / size) * gap };
  };
  const [from, to] = [rim(a, NODE_RADIUS + 3), rim(b, NODE_RADIUS + 6)];
  const middle = { x: (from.x + 2 * control.x + to.x) / 4, y: (from.y + 2 * control.y + to.y) / 4 };
  return { from, control, to, middle };
};

const STYLES: Readonly<Record<EdgeState, { readonly dash: readonly number[]; readonly width: number }>> = {
  unused: { dash: [2, 5], width: 1.4 },
  untried: { dash: [7, 5], width: 1.3 },
  allowed: { dash: [], width: 2 },
  refused: { dash: [10, 5], width: 2.6 },
};

/** What is drawn later lies above. */
const ORDER: readonly EdgeState[] = ['unused', 'untried', 'allowed', 'refused'];
/** Dashes of more curves than this take too long to draw while the map moves. */
const MANY_DASHED = 1_500;

const cut = (context: CanvasRenderingContext2D, text: string, width: number): string => {
  if (context.measureText(text).width <= width) return text;
  let [low, high] = [0, Math.min(text.length, 200)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
};

const arrow = (context: CanvasRenderingContext2D, { control, to }: Curve, size: number): void => {
  const angle = Math.atan2(to.y - control.y, to.x - control.x);
  context.moveTo(to.x, to.y);
  context.lineTo(to.x - size * Math.cos(angle - 0.45), to.y - size * Math.sin(angle - 0.45));
  context.lineTo(to.x - size * Math.cos(angle + 0.45), to.y - size * Math.sin(angle + 0.45));
  context.closePath();
};

const cross = (context: CanvasRenderingContext2D, { x, y }: Place, size: number): void => {
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y - size);
  context.lineTo(x - size, y + size);
};

const paintIslands = (context: CanvasRenderingContext2D, { layout }: Scene, colours: Colours, scale: number): void => {
  const isFar = scale < FAR_SCALE;
  for (const { namespace, x, y, width, height, nodes } of layout.islands) {
    context.beginPath();
    context.roundRect(x, y, width, height, 16);
    context.fillStyle = colours.island;
    context.fill();
    context.strokeStyle = colours.line;
    context.lineWidth = 1 / Math.min(1, scale);
    context.setLineDash(namespace === '' ? [6, 5] : []);
    context.stroke();
    context.setLineDash([]);
    const size = isFar ? Math.min(16 / scale, height / 3) : Math.max(15, 13 / scale);
    context.font = `600 ${size}px ${FONT}`;
    context.fillStyle = colours.text;
    context.textAlign = isFar ? 'center' : 'left';
    context.textBaseline = 'middle';
    const title = namespace === '' ? 'outside' : namespace;
    const text = cut(context, isFar ? `${title} · ${nodes}` : title, width - 24);
    context.fillText(text, isFar ? x + width / 2 : x + 18, isFar ? y + height / 2 : y + 26);
  }
};

/** More bundles than this cover each other. */
const MANY_BUNDLES = 400;

/** Bundled connections between namespaces, as wide as there are many. */
const paintBundles = (context: CanvasRenderingContext2D, scene: Scene, colours: Colours, scale: number): void => {
  const namespaceOf = new Map(scene.nodes.map(({ id, namespace }) => [id, namespace]));
  const islands = new Map(scene.layout.islands.map((island) => [island.namespace, island]));
  const bundles = new Map<string, number>();
  for (const { from, to, state } of scene.edges) {
    const [a, b] = [namespaceOf.get(from), namespaceOf.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    const key = `${state}|${a}|${b}`;
    bundles.set(key, (bundles.get(key) ?? 0) + 1);
  }
  const isMany = bundles.size > MANY_BUNDLES;
  for (const state of ORDER) {
    // Of very many the refused ones alone stay in the foreground.
    context.globalAlpha = isMany ? (state === 'refused' ? 0.8 : 0.12) : 1;
    context.strokeStyle = colours[state];
    context.setLineDash(STYLES[state].dash.map((part) => part / scale));
    for (const [key, count] of bundles) {
      const [own, a = '', b = ''] = key.split('|');
      const [one, other] = [islands.get(a), islands.get(b)];
      if (own !== state || one === undefined || other === undefined) continue;
      const centre = ({ x, y, width, height }: typeof one): Place => ({ x: x + width / 2, y: y + height / 2 });
      const { from, control, to } = curveBetween(centre(one), centre(other));
      context.lineWidth = isMany ? 1 / scale : (1 + Math.log2(1 + count)) / scale / 1.6;
      context.beginPath();
      context.moveTo(from.x, from.y);
      context.quadraticCurveTo(control.x, control.y, to.x, to.y);
      context.stroke();
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
};

const isDim = ({ from, to, id }: MapEdge, { lit, selected, found }: Scene): boolean => {
  if (id === selected) return false;
  if (lit !== undefined) return !(from === selected || to === selected);
  return found !== undefined && !found.has(from) && !found.has(to);
};

/** The part of the map that the screen shows, in units of the map. */
interface Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** How far a curve bends beyond its ends. */
const BEND = 80;

/** Reports whether a curve between two places may be seen. */
const isNear = (a: Place, b: Place, { left, top, right, bottom }: Window): boolean =>
  Math.max(a.x, b.x) + BEND >= left &&
  Math.min(a.x, b.x) - BEND <= right &&
  Math.max(a.y, b.y) + BEND >= top &&
  Math.min(a.y, b.y) - BEND <= bottom;

/** A path of more curves than this takes a rasteriser longer than several paths do. */
const PART = 24;

const partsOf = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / PART) }, (_, at) => all.slice(at * PART, (at + 1) * PART));

const paintCrosses = (
  context: CanvasRenderingContext2D,
  drawn: readonly { readonly curve: Curve }[],
  size: number,
): void => {
  for (const part of partsOf(drawn)) {
    context.beginPath();
    for (const { curve } of part) cross(context, curve.middle, size);
    context.stroke();
  }
};

const paintEdges = (
  context: CanvasRenderingContext2D,
  scene: Scene,
  colours: Colours,
  scale: number,
  window: Window,
): void => {
  const { places } = scene.layout;
  const curves = scene.edges.flatMap((edge) => {
    const [a, b] = [places.get(edge.from), places.get(edge.to)];
    if (a === undefined || b === undefined || a === b || !isNear(a, b, window)) return [];
    return [{ edge, curve: curveBetween(a, b), dim: isDim(edge, scene) }];
  });
  const isMany = curves.length > MANY_DASHED;
  for (const dim of [true, false]) {
    for (const state of ORDER) {
      const own = curves.filter((each) => each.dim === dim && each.edge.state === state);
      if (own.length === 0) continue;
      context.globalAlpha = dim ? 0.12 : isMany && state === 'unused' ? 0.45 : 1;
      context.strokeStyle = colours[state];
      context.fillStyle = colours[state];
      context.lineWidth = STYLES[state].width / Math.sqrt(Math.min(1, scale));
      context.setLineDash(isMany ? [] : [...STYLES[state].dash]);
      for (const part of partsOf(own)) {
        context.beginPath();
        for (const { curve } of part) {
          context.moveTo(curve.from.x, curve.from.y);
          context.quadraticCurveTo(curve.control.x, curve.control.y, curve.to.x, curve.to.y);
        }
        context.stroke();
      }
      context.setLineDash([]);
      if (isMany && (scale < 0.45 || state === 'unused' || dim)) continue;
      for (const part of partsOf(own)) {
        context.beginPath();
        for (const { curve } of part) arrow(context, curve, 9);
        context.fill();
      }
      if (state !== 'refused' && state !== 'untried') continue;
      const size = state === 'refused' ? 7 : 4.5;
      context.strokeStyle = colours.ground;
      context.lineWidth = state === 'refused' ? 7 : 5;
      paintCrosses(context, own, size);
      context.strokeStyle = colours[state];
      context.lineWidth = state === 'refused' ? 3 : 1.8;
      paintCrosses(context, own, size);
    }
  }
  context.globalAlpha = 1;
  const chosen = curves.find(({ edge }) => edge.id === scene.selected);
  if (chosen !== undefined) {
    context.strokeStyle = colours.accent;
    context.lineWidth = 5;
    context.globalAlpha = 0.35;
    context.beginPath();
    context.moveTo(chosen.curve.from.x, chosen.curve.from.y);
    context.quadraticCurveTo(chosen.curve.control.x, chosen.curve.control.y, chosen.curve.to.x, chosen.curve.to.y);
    context.stroke();
    context.globalAlpha = 1;
  }
};

/** What an edit opens (a double line with a plus) and closes (a struck line with a minus). */
const paintChanges = (
  context: CanvasRenderingContext2D,
  { changes, layout: { places } }: Scene,
  colours: Colours,
): void => {
  for (const { from, to, kind } of changes) {
    const [a, b] = [places.get(from), places.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    const curve = curveBetween(a, b);
    const path = (): void => {
      context.beginPath();
      context.moveTo(curve.from.x, curve.from.y);
      context.quadraticCurveTo(curve.control.x, curve.control.y, curve.to.x, curve.to.y);
      context.stroke();
    };
    context.strokeStyle = colours[kind];
    context.lineWidth = 6;
    path();
    if (kind === 'opens') {
      context.strokeStyle = colours.ground;
      context.lineWidth = 2;
      path();
    }
    const { x, y } = curve.middle;
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.fillStyle = colours[kind];
    context.fill();
    context.strokeStyle = colours.ground;
    context.lineWidth = 2.4;
    context.beginPath();
    context.moveTo(x - 5, y);
    context.lineTo(x + 5, y);
    if (kind === 'opens') {
      context.moveTo(x, y - 5);
      context.lineTo(x, y + 5);
    }
    context.stroke();
  }
};

const paintNodes = (context: CanvasRenderingContext2D, scene: Scene, colours: Colours, scale: number): void => {
  for (const node of scene.nodes) {
    const place = scene.layout.places.get(node.id);
    if (place === undefined) continue;
    const { x, y } = place;
    const isFound = scene.found?.has(node.id) === true;
    const isQuiet =
      (scene.lit !== undefined && !scene.lit.has(node.id)) ||
      (scene.found !== undefined && !isFound && scene.lit === undefined);
    context.globalAlpha = isQuiet ? 0.35 : 1;
    context.beginPath();
    if (node.kind === 'outside') context.roundRect(x - 14, y - 12, 28, 24, 5);
    else context.arc(x, y, NODE_RADIUS - 4, 0, 2 * Math.PI);
    context.fillStyle = colours.node;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = colours.text;
    context.stroke();
    context.lineWidth = 3.5;
    for (const [side, from, to] of [
      [node.ingress, Math.PI * 0.56, Math.PI * 1.44],
      [node.egress, -Math.PI * 0.44, Math.PI * 0.44],
    ] as const) {
      if (side === undefined) continue;
      context.beginPath();
      context.arc(x, y, NODE_RADIUS, from, to);
      context.stroke();
    }
    if (node.id === scene.selected || node.id === scene.hovered || isFound) {
      context.strokeStyle = colours.accent;
      context.lineWidth = node.id === scene.selected ? 3.5 : 2.2;
      context.beginPath();
      context.arc(x, y, NODE_RADIUS + 6, 0, 2 * Math.PI);
      context.stroke();
    }
    if (scale >= NAMES_SCALE || node.id === scene.selected || node.id === scene.hovered || isFound) {
      const size = Math.max(13, 12 / scale);
      context.font = `500 ${size}px ${FONT}`;
      context.textAlign = 'center';
      context.textBaseline = 'top';
      const name = node.pods > 1 ? `${node.name} ×${node.pods}` : node.name;
      const text = cut(context, name, 138);
      context.lineWidth = 4;
      context.lineJoin = 'round';
      context.strokeStyle = colours.island;
      context.strokeText(text, x, y + NODE_RADIUS + 9);
      context.fillStyle = colours.text;
      context.fillText(text, x, y + NODE_RADIUS + 9);
    }
  }
  context.globalAlpha = 1;
};

/** Paints the whole map. @param ratio device pixels of a pixel */
export const paintMap = (
  context: CanvasRenderingContext2D,
  scene: Scene,
  {
    camera,
    width,
    height,
    ratio,
    colours,
  }: {
    readonly camera: Camera;
    readonly width: number;
    readonly height: number;
    readonly ratio: number;
    readonly colours: Colours;
  },
): void => {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, width, height);
  context.setTransform(ratio * camera.scale, 0, 0, ratio * camera.scale, ratio * camera.x, ratio * camera.y);
  const { scale } = camera;
  paintIslands(context, scene, colours, scale);
  if (scale < FAR_SCALE) {
    paintBundles(context, scene, colours, scale);
    return;
  }
  const window = {
    left: -camera.x / scale,
    top: -camera.y / scale,
    right: (width - camera.x) / scale,
    bottom: (height - camera.y) / scale,
  };
  paintEdges(context, scene, colours, scale, window);
  paintChanges(context, scene, colours);
  paintNodes(context, scene, colours, scale);
};
