import type { Place } from '../../src/page/layout.ts';
import type { Context } from './scene.ts';

export const NODE_RADIUS = 15;

export interface Curve {
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

/** Adds the curve to the path. */
export const trace = (context: Context, { from, control, to }: Curve): void => {
  context.moveTo(from.x, from.y);
  context.quadraticCurveTo(control.x, control.y, to.x, to.y);
};

export const arrow = (context: Context, { control, to }: Curve, size: number): void => {
  const angle = Math.atan2(to.y - control.y, to.x - control.x);
  context.moveTo(to.x, to.y);
  context.lineTo(to.x - size * Math.cos(angle - 0.45), to.y - size * Math.sin(angle - 0.45));
  context.lineTo(to.x - size * Math.cos(angle + 0.45), to.y - size * Math.sin(angle + 0.45));
  context.closePath();
};

export const cross = (context: Context, { x, y }: Place, size: number): void => {
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y - size);
  context.lineTo(x - size, y + size);
};
