import type { EdgeState } from '../../src/page/edges.ts';
import type { Place } from '../../src/page/layout.ts';
import { arrow, cross, type Curve, curveBetween, trace } from './curve.ts';
import type { Colours, Context, DrawnEdge, Scene } from './scene.ts';

export const STYLES: Readonly<Record<EdgeState, { readonly dash: readonly number[]; readonly width: number }>> = {
  unused: { dash: [2, 5], width: 1.4 },
  untried: { dash: [7, 5], width: 1.3 },
  allowed: { dash: [], width: 2 },
  refused: { dash: [10, 5], width: 2.6 },
};

/** What is drawn later lies above. */
export const ORDER: readonly EdgeState[] = ['unused', 'untried', 'allowed', 'refused'];
/** Dashes of more curves than this take too long to draw. */
const MANY_DASHED = 1_500;

const isDim = ({ from, to, id }: DrawnEdge, { lit, selected, found }: Scene): boolean => {
  if (id === selected) return false;
  if (lit !== undefined) return !(from === selected || to === selected);
  return found !== undefined && !found.has(from) && !found.has(to);
};

/** The part of the map that the screen shows, in units of the map. */
export interface Window {
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

const paintCrosses = (context: Context, drawn: readonly { readonly curve: Curve }[], size: number): void => {
  for (const part of partsOf(drawn)) {
    context.beginPath();
    for (const { curve } of part) cross(context, curve.middle, size);
    context.stroke();
  }
};

/** Paints connections that may be seen in a part of the map. */
export const paintEdges = (context: Context, scene: Scene, colours: Colours, scale: number, window: Window): void => {
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
        for (const { curve } of part) trace(context, curve);
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
    trace(context, chosen.curve);
    context.stroke();
    context.globalAlpha = 1;
  }
};

/** What an edit opens (a double line with a plus) and closes (a struck line with a minus). */
export const paintChanges = (context: Context, { changes, layout: { places } }: Scene, colours: Colours): void => {
  for (const { from, to, kind } of changes) {
    const [a, b] = [places.get(from), places.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    const curve = curveBetween(a, b);
    const path = (): void => {
      context.beginPath();
      trace(context, curve);
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
