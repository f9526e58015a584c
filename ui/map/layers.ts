import type { Layer, LayerOrder } from './layer.ts';
import type { Frame } from './paint.ts';
import { looksAlike, onlyDrawn, type Scene } from './scene.ts';

/** The newest layer of the map, painted by a worker. */
export interface Layers {
  /** Sets what layers show. */
  show(scene: Scene): void;
  /** The newest layer; undefined where none was painted. */
  current(): Layer | undefined;
  /** Reports whether the newest layer shows the scene that was set. */
  isCurrent(): boolean;
  /** Reports whether the newest layer has the places of the scene that was set: others make no sense on the screen. */
  isPlaced(): boolean;
  /** Orders a layer. One is painted at a time: of those that are ordered meanwhile, the last alone is painted. */
  order(frame: Frame): void;
  close(): void;
}

const isSameFrame = (one: Frame, other: Frame): boolean =>
  one.width === other.width &&
  one.height === other.height &&
  one.ratio === other.ratio &&
  one.colours === other.colours &&
  one.camera.x === other.camera.x &&
  one.camera.y === other.camera.y &&
  one.camera.scale === other.camera.scale;

/** @param onLayer called when a layer was painted */
export const createLayers = (onLayer: () => void): Layers => {
  const worker = new Worker('/painter.js', { type: 'module' });
  let scene: Scene | undefined;
  /** The scene that the worker has. */
  let sent: Scene | undefined;
  /** What is painted now. */
  let painting: { readonly scene: Scene; readonly frame: Frame } | undefined;
  let next: Frame | undefined;
  let newest: (Layer & { readonly scene: Scene }) | undefined;

  const send = (frame: Frame): void => {
    if (scene === undefined) return;
    const order: LayerOrder = sent === scene ? { frame } : { frame, scene: onlyDrawn(scene) };
    sent = scene;
    painting = { scene, frame };
    worker.postMessage(order);
  };
  worker.addEventListener('message', ({ data }: MessageEvent<Pick<Layer, 'bitmap' | 'took'>>) => {
    if (painting === undefined) return;
    newest?.bitmap.close();
    newest = { ...data, ...painting };
    painting = undefined;
    const frame = next;
    next = undefined;
    if (frame !== undefined) send(frame);
    onLayer();
  });

  return {
    show(fresh) {
      if (scene === undefined || !looksAlike(scene, fresh)) scene = fresh;
    },
    current: () => newest,
    isCurrent: () => newest !== undefined && newest.scene === scene,
    isPlaced: () => newest !== undefined && newest.scene.layout === scene?.layout,
    order(frame) {
      if (painting === undefined) send(frame);
      else next = painting.scene === scene && isSameFrame(painting.frame, frame) ? undefined : frame;
    },
    close: () => worker.terminate(),
  };
};
