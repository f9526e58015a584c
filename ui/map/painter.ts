import { type LayerOrder } from './layer.ts';
import { paintMap } from './paint.ts';
import type { Scene } from './scene.ts';

/** Paints layers of the map in a worker, so that the page answers while thousands of curves are drawn. */

let scene: Scene | undefined;

addEventListener('message', ({ data }: MessageEvent<LayerOrder>) => {
  const startedAt = performance.now();
  scene = data.scene ?? scene;
  const { frame } = data;
  const canvas = new OffscreenCanvas(Math.round(frame.width * frame.ratio), Math.round(frame.height * frame.ratio));
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null || scene === undefined) throw new Error('this browser gives a worker no canvas');
  paintMap(context, scene, frame);
  const bitmap = canvas.transferToImageBitmap();
  postMessage({ bitmap, took: performance.now() - startedAt }, { transfer: [bitmap] });
});
