import type { Place } from '../../src/page/layout.ts';
import { curveBetween, NODE_RADIUS } from './curve.ts';
import type { Camera, Scene } from './scene.ts';

const NEAR_EDGE = 9;
const STEPS = 14;

/** Returns the id of the node or edge at a point of the map; '' where there is none. */
export const hitAt = ({ layout, nodes, edges }: Scene, { x, y }: Place, scale: number): string => {
  for (const { id } of nodes) {
    const place = layout.places.get(id);
    if (place !== undefined && Math.hypot(place.x - x, place.y - y) <= NODE_RADIUS + 6) return id;
  }
  let best = { id: '', distance: NEAR_EDGE / Math.min(1, scale) };
  for (const { id, from, to } of edges) {
    const [a, b] = [layout.places.get(from), layout.places.get(to)];
    if (a === undefined || b === undefined) continue;
    const curve = curveBetween(a, b);
    const reach = best.distance + 80;
    if (x < Math.min(a.x, b.x) - reach || x > Math.max(a.x, b.x) + reach) continue;
    if (y < Math.min(a.y, b.y) - reach || y > Math.max(a.y, b.y) + reach) continue;
    for (let step = 0; step <= STEPS; step += 1) {
      const t = step / STEPS;
      const [p, q, r] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2];
      const distance = Math.hypot(
        p * curve.from.x + q * curve.control.x + r * curve.to.x - x,
        p * curve.from.y + q * curve.control.y + r * curve.to.y - y,
      );
      if (distance < best.distance) best = { id, distance };
    }
  }
  return best.id;
};

type Arrow = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown';

const DIRECTIONS: Readonly<Record<Arrow, Place>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

export const isArrow = (key: string): key is Arrow => key in DIRECTIONS;

/** Returns the nearest node in the direction of an arrow key; the first one where the keyboard is at none. */
export const nextNode = ({ layout, nodes }: Scene, current: string, key: Arrow): string => {
  const from = layout.places.get(current);
  if (from === undefined) return nodes[0]?.id ?? '';
  const { x: dx, y: dy } = DIRECTIONS[key];
  let best = { id: current, cost: Infinity };
  for (const { id } of nodes) {
    const place = layout.places.get(id);
    if (place === undefined || id === current) continue;
    const [x, y] = [place.x - from.x, place.y - from.y];
    const along = x * dx + y * dy;
    if (along <= 1) continue;
    const cost = along + 2.5 * Math.abs(x * dy + y * dx);
    if (cost < best.cost) best = { id, cost };
  }
  return best.id;
};

/** Returns the camera that shows the whole map. */
export const fit = ({ layout }: Pick<Scene, 'layout'>, width: number, height: number): Camera => {
  const margin = 30;
  const scale = Math.min(
    1.6,
    (width - 2 * margin) / Math.max(1, layout.width),
    (height - 2 * margin) / Math.max(1, layout.height),
  );
  const safe = Math.max(0.02, scale);
  return { scale: safe, x: (width - layout.width * safe) / 2, y: (height - layout.height * safe) / 2 };
};

/** Returns the camera after zooming around a point of the screen. */
export const zoomAt = ({ x, y, scale }: Camera, point: Place, factor: number): Camera => {
  const next = Math.min(4, Math.max(0.02, scale * factor));
  const by = next / scale;
  return { scale: next, x: point.x - (point.x - x) * by, y: point.y - (point.y - y) * by };
};
