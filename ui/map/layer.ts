import { type Frame } from './paint.ts';
import type { Camera, Scene } from './scene.ts';

/** Asks for a layer. A scene is sent once, and again when it looks different. */
export interface LayerOrder {
  /** Absent where the scene is the one that was sent last. */
  readonly scene?: Scene;
  /** The part of the map that the layer shows. */
  readonly frame: Frame;
}

/** A painted part of the map. */
export interface Layer {
  readonly bitmap: ImageBitmap;
  readonly frame: Frame;
  /** How long it took to paint, in ms. */
  readonly took: number;
}

/** A layer is larger than the screen by this part of its size on each side, so that a movement shows what is there. */
const MARGIN = 0.2;

/** Returns the frame of a layer around what the screen shows. */
export const withMargin = (frame: Frame): Frame => {
  const [x, y] = [Math.round(frame.width * MARGIN), Math.round(frame.height * MARGIN)];
  const { camera, width, height } = frame;
  return {
    ...frame,
    camera: { x: camera.x + x, y: camera.y + y, scale: camera.scale },
    width: width + 2 * x,
    height: height + 2 * y,
  };
};

/** Where a layer is on a screen that shows another part of the map, in pixels of the page. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const boxOf = (layer: Frame, camera: Camera): Box => {
  const by = camera.scale / layer.camera.scale;
  return {
    x: camera.x - layer.camera.x * by,
    y: camera.y - layer.camera.y * by,
    width: layer.width * by,
    height: layer.height * by,
  };
};

/**
 * Returns how well a layer shows a part of the map: `sharp` is the same scale and all of it; `short` leaves a part of the screen
 * empty, or is so small that nobody can read it.
 */
export const fitOf = (layer: Frame, screen: Frame): 'sharp' | 'soft' | 'short' => {
  const { x, y, width, height } = boxOf(layer, screen.camera);
  const isAll = x <= 0.5 && y <= 0.5 && x + width >= screen.width - 0.5 && y + height >= screen.height - 0.5;
  const zoom = screen.camera.scale / layer.camera.scale;
  if (!isAll || zoom > 1.6) return 'short';
  return zoom === 1 && layer.ratio === screen.ratio && layer.colours === screen.colours ? 'sharp' : 'soft';
};
