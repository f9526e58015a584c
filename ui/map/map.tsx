import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { layOut, type Place } from '../../src/page/layout.ts';
import type { Shown } from '../../src/page/filter.ts';
import { describeEdge, describeNode } from '../words.ts';
import { readColours, useThemeNumber } from '../theme.ts';
import { fit, hitAt, isArrow, nextNode, zoomAt } from './hit.ts';
import { boxOf, fitOf, type Layer, withMargin } from './layer.ts';
import { createLayers, type Layers } from './layers.ts';
import { type Frame, paintNode, turnToMap } from './paint.ts';
import type { Camera, Change, Scene } from './scene.ts';

interface MapProps {
  readonly shown: Shown;
  readonly changes: readonly Change[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

const PAN = 60;
const ZOOM = 1.25;
/** A map that moves is painted again after it stood still for this time, or at once where that takes less than CHEAP_MS. */
const IDLE_MS = 100;
const CHEAP_MS = 12;

const pointOf = (event: MouseEvent, canvas: HTMLCanvasElement): Place => {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};

/** Draws a layer where it belongs on the screen. */
const drawLayer = (context: CanvasRenderingContext2D, { bitmap, frame: painted }: Layer, frame: Frame): void => {
  const { ratio, colours } = frame;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  const { x, y, width, height } = boxOf(painted, frame.camera);
  // Of the same scale it lies on whole pixels: that is a copy, and stays sharp.
  if (painted.camera.scale === frame.camera.scale && painted.ratio === ratio)
    context.drawImage(bitmap, Math.round(x * ratio), Math.round(y * ratio));
  else context.drawImage(bitmap, x * ratio, y * ratio, width * ratio, height * ratio);
};

/** The map: a canvas that pointer and keyboard move in, with a description for people who cannot see it. */
export const MapView = ({ shown, changes, selected, onSelect }: MapProps) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const camera = useRef<Camera | undefined>(undefined);
  const drag = useRef<{ readonly at: Place; moved: boolean } | undefined>(undefined);
  const [hovered, setHovered] = useState('');
  const theme = useThemeNumber();
  const names = shown.nodes.map(({ id }) => id).join('\n');
  const layout = useMemo(() => layOut(shown.nodes), [names]);
  const scene: Scene = { ...shown, layout, changes, selected };
  const latest = useRef({ scene, hovered });
  latest.current = { scene, hovered };
  const request = useRef(0);
  const layers = useRef<Layers | undefined>(undefined);
  const idle = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const frameOf = (element: HTMLCanvasElement): Frame | undefined => {
    const [width, height, ratio] = [element.clientWidth, element.clientHeight, Math.min(2, devicePixelRatio)];
    if (width === 0 || height === 0) return undefined;
    camera.current ??= fit(latest.current.scene, width, height);
    return { camera: camera.current, width, height, ratio, colours: readColours(element) };
  };

  const paintHovered = (context: CanvasRenderingContext2D, frame: Frame): void => {
    const { scene: now, hovered: id } = latest.current;
    const node = now.nodes.find((each) => each.id === id);
    const place = now.layout.places.get(id);
    if (node === undefined || place === undefined || id === now.selected) return;
    turnToMap(context, frame);
    paintNode(context, node, place, {
      colours: frame.colours,
      scale: frame.camera.scale,
      look: { ring: 'thin', isNamed: true },
    });
  };

  const order = (): void => {
    const frame = canvas.current === null ? undefined : frameOf(canvas.current);
    if (frame !== undefined) layers.current?.order(withMargin(frame));
  };

  const paint = (): void => {
    request.current = 0;
    const element = canvas.current;
    const context = element?.getContext('2d', { alpha: false });
    const painted = layers.current;
    if (element === null || context === null || context === undefined || painted === undefined) return;
    const frame = frameOf(element);
    if (frame === undefined) return;
    const [width, height] = [Math.round(frame.width * frame.ratio), Math.round(frame.height * frame.ratio)];
    if (element.width !== width || element.height !== height) {
      element.width = width;
      element.height = height;
    }
    painted.show(latest.current.scene);
    // The layer of another layout stays until there is one of this.
    const layer = painted.isPlaced() ? painted.current() : undefined;
    if (layer !== undefined) {
      drawLayer(context, layer, frame);
      paintHovered(context, frame);
    }
    const fits = layer === undefined ? 'short' : fitOf(layer.frame, frame);
    const isSharp = fits === 'sharp' && painted.isCurrent();
    element.dataset['sharp'] = String(isSharp);
    clearTimeout(idle.current);
    if (isSharp) return;
    if (layer === undefined || fits === 'short' || !painted.isCurrent() || layer.took < CHEAP_MS) order();
    else idle.current = setTimeout(order, IDLE_MS);
  };
  const repaint = (): void => {
    if (request.current === 0) request.current = requestAnimationFrame(paint);
  };
  const move = (next: Camera): void => {
    camera.current = next;
    repaint();
  };
  const fitAll = (): void => {
    camera.current = undefined;
    repaint();
  };

  useEffect(() => {
    layers.current = createLayers(repaint);
    return () => {
      clearTimeout(idle.current);
      cancelAnimationFrame(request.current);
      layers.current?.close();
    };
  }, []);
  useEffect(() => {
    fitAll();
  }, [layout]);
  useEffect(repaint);
  useEffect(repaint, [theme]);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const sized = new ResizeObserver(fitAll);
    sized.observe(element);
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      if (camera.current !== undefined)
        move(zoomAt(camera.current, pointOf(event, element), Math.exp(-event.deltaY / 400)));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      sized.disconnect();
      element.removeEventListener('wheel', onWheel);
    };
  }, []);

  const toMap = ({ x, y }: Place): Place => {
    const now = camera.current ?? { x: 0, y: 0, scale: 1 };
    return { x: (x - now.x) / now.scale, y: (y - now.y) / now.scale };
  };
  const scaleNow = (): number => camera.current?.scale ?? 1;

  const onKey = (event: KeyboardEvent): void => {
    const element = canvas.current;
    const now = camera.current;
    if (element === null || now === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const centre = { x: element.clientWidth / 2, y: element.clientHeight / 2 };
    const { key } = event;
    if (isArrow(key) && event.shiftKey) {
      const by = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] }[key];
      move({ ...now, x: now.x + (by[0] ?? 0), y: now.y + (by[1] ?? 0) });
    } else if (isArrow(key)) {
      setHovered(nextNode(scene, hovered || selected, key));
    } else if (key === 'Enter' || key === ' ') {
      onSelect(hovered);
    } else if (key === 'Escape') {
      onSelect('');
    } else if (key === '+' || key === '=') {
      move(zoomAt(now, centre, ZOOM));
    } else if (key === '-') {
      move(zoomAt(now, centre, 1 / ZOOM));
    } else if (key === '0') {
      fitAll();
    } else {
      return;
    }
    event.preventDefault();
  };

  const node = shown.nodes.find(({ id }) => id === (hovered || selected));
  const edge = shown.edges.find(({ id }) => id === (hovered || selected));
  const said = node !== undefined ? describeNode(node) : edge !== undefined ? describeEdge(edge) : '';
  return (
    <div class="map">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={`Map of ${shown.nodes.length} workloads and ${shown.edges.length} connections. Arrow keys go from one to the next, Enter opens, plus and minus zoom, 0 shows all. The list beside it has the same connections.`}
        onKeyDown={onKey}
        onBlur={() => setHovered('')}
        onPointerDown={(event) => {
          drag.current = { at: { x: event.clientX, y: event.clientY }, moved: false };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const now = camera.current;
          if (now === undefined) return;
          const from = drag.current;
          if (from === undefined) {
            setHovered(hitAt(scene, toMap(pointOf(event, event.currentTarget)), scaleNow()));
            return;
          }
          const [dx, dy] = [event.clientX - from.at.x, event.clientY - from.at.y];
          if (!from.moved && Math.hypot(dx, dy) < 4) return;
          drag.current = { at: { x: event.clientX, y: event.clientY }, moved: true };
          move({ ...now, x: now.x + dx, y: now.y + dy });
        }}
        onPointerUp={(event) => {
          const moved = drag.current?.moved === true;
          drag.current = undefined;
          if (!moved) onSelect(hitAt(scene, toMap(pointOf(event, event.currentTarget)), scaleNow()));
        }}
      />
      <p class="hint" aria-live="polite">
        {said}
      </p>
      <div class="zoom">
        <button
          type="button"
          aria-label="Zoom in"
          onClick={() =>
            camera.current &&
            canvas.current &&
            move(
              zoomAt(camera.current, { x: canvas.current.clientWidth / 2, y: canvas.current.clientHeight / 2 }, ZOOM),
            )
          }
        >
          +
        </button>
        <button
          type="button"
          aria-label="Zoom out"
          onClick={() =>
            camera.current &&
            canvas.current &&
            move(
              zoomAt(
                camera.current,
                { x: canvas.current.clientWidth / 2, y: canvas.current.clientHeight / 2 },
                1 / ZOOM,
              ),
            )
          }
        >
          −
        </button>
        <button type="button" aria-label="Show all of the map" onClick={fitAll}>
          ⤢
        </button>
      </div>
    </div>
  );
};
