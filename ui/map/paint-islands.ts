import type { Place } from '../../src/page/layout.ts';
import { curveBetween, trace } from './curve.ts';
import { ORDER, STYLES } from './paint-edges.ts';
import type { Colours, Context, Scene } from './scene.ts';
import { cut, FONT } from './text.ts';

/** Below this scale namespaces are drawn as wholes, and their connections bundled. */
export const FAR_SCALE = 0.32;

/** Paints the namespaces, and the outside, with their names. */
export const paintIslands = (context: Context, { layout }: Scene, colours: Colours, scale: number): void => {
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
export const paintBundles = (context: Context, scene: Scene, colours: Colours, scale: number): void => {
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
      const curve = curveBetween(centre(one), centre(other));
      context.lineWidth = isMany ? 1 / scale : (1 + Math.log2(1 + count)) / scale / 1.6;
      context.beginPath();
      trace(context, curve);
      context.stroke();
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
};
