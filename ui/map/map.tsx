import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { layOut, type Place } from '../../src/page/layout.ts';
import type { Shown } from '../../src/page/filter.ts';
import { describeEdge, describeNode } from '../words.ts';
import { readColours, useThemeNumber } from '../theme.ts';
import { fit, hitAt, isArrow, nextNode, zoomAt } from './hit.ts';
import { type Camera, type Change, paintMap, type Scene } from './paint.ts';

interface MapProps {
  readonly shown: Shown;
  readonly changes: readonly Change[];
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

const PAN = 60;
const ZOOM = 1.25;

const pointOf = (event: MouseEvent, canvas: HTMLCanvasElement): Place => {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
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
  const scene: Scene = { ...shown, layout, changes, selected, hovered };
  const latest = useRef(scene);
  latest.current = scene;
  const frame = useRef(0);

  const paint = (): void => {
    frame.current = 0;
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || context === null || context === undefined) return;
    const [width, height, ratio] = [element.clientWidth, element.clientHeight, Math.min(2, devicePixelRatio)];
    if (width === 0 || height === 0) return;
    if (element.width !== Math.round(width * ratio) || element.height !== Math.round(height * ratio)) {
      element.width = Math.round(width * ratio);
      element.height = Math.round(height * ratio);
    }
    camera.current ??= fit(latest.current, width, height);
    paintMap(context, latest.current, { camera: camera.current, width, height, ratio, colours: readColours(element) });
  };
  const repaint = (): void => {
    if (frame.current === 0) frame.current = requestAnimationFrame(paint);
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
