import type { Place } from '../../src/page/layout.ts';
import { NODE_RADIUS } from './curve.ts';
import { paintChanges, paintEdges } from './paint-edges.ts';
import { FAR_SCALE, paintBundles, paintIslands } from './paint-islands.ts';
import type { Camera, Colours, Context, DrawnNode, Scene } from './scene.ts';
import { cut, FONT } from './text.ts';

/** Below this scale names of workloads are left out. */
const NAMES_SCALE = 0.34;

interface Look {
  /** Has a ring around it: the selection is the thickest. */
  readonly ring: 'none' | 'thin' | 'thick';
  readonly isNamed: boolean;
}

/** Paints one node: a half ring for each direction that policies isolate. */
export const paintNode = (
  context: Context,
  node: DrawnNode,
  { x, y }: Place,
  {
    colours,
    scale,
    look: { ring, isNamed },
  }: { readonly colours: Colours; readonly scale: number; readonly look: Look },
): void => {
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
  if (ring !== 'none') {
    context.strokeStyle = colours.accent;
    context.lineWidth = ring === 'thick' ? 3.5 : 2.2;
    context.beginPath();
    context.arc(x, y, NODE_RADIUS + 6, 0, 2 * Math.PI);
    context.stroke();
  }
  if (!isNamed) return;
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
};

const paintNodes = (context: Context, scene: Scene, colours: Colours, scale: number): void => {
  const { found, lit, selected } = scene;
  for (const node of scene.nodes) {
    const place = scene.layout.places.get(node.id);
    if (place === undefined) continue;
    const isFound = found?.has(node.id) === true;
    const isQuiet = lit !== undefined ? !lit.has(node.id) : found !== undefined && !isFound;
    const ring = node.id === selected ? 'thick' : isFound ? 'thin' : 'none';
    context.globalAlpha = isQuiet ? 0.35 : 1;
    paintNode(context, node, place, {
      colours,
      scale,
      look: { ring, isNamed: scale >= NAMES_SCALE || ring !== 'none' },
    });
  }
  context.globalAlpha = 1;
};

/** Which part of the map is painted, and how. */
export interface Frame {
  readonly camera: Camera;
  /** In pixels of the page. */
  readonly width: number;
  readonly height: number;
  /** Device pixels of a pixel. */
  readonly ratio: number;
  readonly colours: Colours;
}

/** Lets a context draw in units of the map. */
export const turnToMap = (context: Context, { camera, ratio }: Pick<Frame, 'camera' | 'ratio'>): void =>
  context.setTransform(ratio * camera.scale, 0, 0, ratio * camera.scale, ratio * camera.x, ratio * camera.y);

/** Paints a part of the map. */
export const paintMap = (context: Context, scene: Scene, frame: Frame): void => {
  const { camera, width, height, ratio, colours } = frame;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, width, height);
  turnToMap(context, frame);
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
