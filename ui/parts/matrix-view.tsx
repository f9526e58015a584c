import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { MapEdge } from '../../src/page/edges.ts';
import type { Picture } from '../../src/page/picture.ts';
import type { PairChange } from '../../src/page/what-if.ts';
import type { Colours } from '../map/scene.ts';
import { readColours, useThemeNumber } from '../theme.ts';
import { plural } from '../words.ts';

interface MatrixProps {
  readonly picture: Picture;
  /** What differs from another state; undefined where it is compared with none. */
  readonly difference: readonly PairChange[] | undefined;
  /** The name of that state. */
  readonly against: string;
  readonly namespaces: readonly string[];
  readonly search: string;
  /** Called with the pair that somebody chose. */
  readonly onPair: (from: string, to: string) => void;
}

const CELL = 26;
const HEAD_WIDTH = 210;
const HEAD_HEIGHT = 150;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

const short = (context: CanvasRenderingContext2D, text: string, width: number): string => {
  if (context.measureText(text).width <= width) return text;
  let cut = text.slice(0, 60);
  while (cut.length > 1 && context.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return `${cut}…`;
};

/** The pairs of the whole matrix that are shown. */
const indexesOf = ({ matrix, nodes }: Picture, namespaces: readonly string[], search: string): readonly number[] => {
  const namespaceOf = new Map(nodes.map(({ id, namespace }) => [id, namespace]));
  const wanted = search.toLowerCase().trim();
  return matrix.ids.flatMap((id, at) => {
    const isIn = namespaces.length === 0 || namespaces.includes(namespaceOf.get(id) ?? '');
    return isIn && (wanted === '' || id.toLowerCase().includes(wanted)) ? [at] : [];
  });
};

/** Returns the ports of a cell: `all`, `none`, `TCP 80`; undefined for a pod and itself. */
const portsAt = ({ matrix }: Picture, row: number, column: number): string | undefined => {
  const id = matrix.cells[row * matrix.ids.length + column] ?? -1;
  return id < 0 ? undefined : (matrix.texts.get(id) ?? '');
};

export const edgeOfPair = (edges: readonly MapEdge[], from: string, to: string): MapEdge | undefined =>
  edges.find((edge) => edge.from === from && edge.to === to);

/** Of a sign in the corner of a cell, in pixels: the sign of the verdict stays free. */
const SIGN = 8;

/** Marks a cell whose ports differ: a corner with + for what opens, one with − for what closes. */
const paintChange = (
  context: CanvasRenderingContext2D,
  { opens, closes }: PairChange,
  { x, y }: { readonly x: number; readonly y: number },
  colours: Colours,
): void => {
  const mark = (left: number, colour: string, isPlus: boolean): void => {
    context.fillStyle = colour;
    context.fillRect(left, y + 1, SIGN, SIGN);
    context.strokeStyle = colours.ground;
    context.lineWidth = 1.6;
    context.beginPath();
    context.moveTo(left + 1, y + 1 + SIGN / 2);
    context.lineTo(left + SIGN - 1, y + 1 + SIGN / 2);
    if (isPlus) {
      context.moveTo(left + SIGN / 2, y + 2);
      context.lineTo(left + SIGN / 2, y + SIGN);
    }
    context.stroke();
  };
  context.lineWidth = 2;
  context.strokeStyle = closes === '' ? colours.opens : colours.closes;
  context.strokeRect(x + 2, y + 2, CELL - 4, CELL - 4);
  if (opens !== '') mark(x + 1, colours.opens, true);
  if (closes !== '') mark(x + CELL - 1 - SIGN, colours.closes, false);
};

const describeChange = (change: PairChange | undefined, against: string): string => {
  if (change === undefined) return '';
  const parts = [
    ...(change.opens === '' ? [] : [`opens ${change.opens}`]),
    ...(change.closes === '' ? [] : [`closes ${change.closes}`]),
  ];
  return `Compared with ${against} it ${parts.join(' and ')}. `;
};

/** Who reaches whom: a row for each source, a column for each destination. Only what is on the screen is drawn. */
export const MatrixView = ({ picture, difference, against, namespaces, search, onPair }: MatrixProps) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const [cell, setCell] = useState<readonly [number, number]>([0, 0]);
  const [isFocused, setFocused] = useState(false);
  const theme = useThemeNumber();
  const shown = useMemo(() => indexesOf(picture, namespaces, search), [picture, namespaces, search]);
  const changes = useMemo(
    () => new Map((difference ?? []).map((change) => [`${change.from}|${change.to}`, change] as const)),
    [difference],
  );
  const frame = useRef(0);
  const count = shown.length;
  const nameAt = (at: number): string => picture.matrix.ids[shown[at] ?? -1] ?? '';

  const paint = (): void => {
    frame.current = 0;
    const [element, box] = [canvas.current, scroller.current];
    const context = element?.getContext('2d');
    if (element === null || box === null || context === null || context === undefined) return;
    const [width, height, ratio] = [box.clientWidth, box.clientHeight, Math.min(2, devicePixelRatio)];
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    element.style.width = `${width}px`;
    element.style.height = `${height}px`;
    const colours = readColours(element);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, width, height);
    const [left, top] = [box.scrollLeft, box.scrollTop];
    const first = { row: Math.floor(top / CELL), column: Math.floor(left / CELL) };
    const last = {
      row: Math.min(count - 1, Math.ceil((top + height - HEAD_HEIGHT) / CELL)),
      column: Math.min(count - 1, Math.ceil((left + width - HEAD_WIDTH) / CELL)),
    };
    context.save();
    context.beginPath();
    context.rect(HEAD_WIDTH, HEAD_HEIGHT, width - HEAD_WIDTH, height - HEAD_HEIGHT);
    context.clip();
    for (let row = first.row; row <= last.row; row += 1) {
      for (let column = first.column; column <= last.column; column += 1) {
        const ports = portsAt(picture, shown[row] ?? 0, shown[column] ?? 0);
        const [x, y] = [HEAD_WIDTH + column * CELL - left, HEAD_HEIGHT + row * CELL - top];
        if (ports === undefined) {
          context.fillStyle = colours.line;
          context.fillRect(x + 1, y + 1, CELL - 2, CELL - 2);
          continue;
        }
        context.fillStyle = colours.island;
        context.fillRect(x + 1, y + 1, CELL - 2, CELL - 2);
        const [middleX, middleY] = [x + CELL / 2, y + CELL / 2];
        context.lineWidth = 2;
        if (ports === 'none') {
          context.strokeStyle = colours.refused;
          context.beginPath();
          context.moveTo(middleX - 4, middleY - 4);
          context.lineTo(middleX + 4, middleY + 4);
          context.moveTo(middleX + 4, middleY - 4);
          context.lineTo(middleX - 4, middleY + 4);
          context.stroke();
        } else {
          context.fillStyle = colours.allowed;
          context.strokeStyle = colours.allowed;
          context.beginPath();
          context.arc(middleX, middleY, 5, 0, 2 * Math.PI);
          if (ports === 'all') context.fill();
          else context.stroke();
        }
        const change = changes.get(`${nameAt(row)}|${nameAt(column)}`);
        if (change !== undefined) paintChange(context, change, { x, y }, colours);
      }
    }
    if (isFocused) {
      context.strokeStyle = colours.accent;
      context.lineWidth = 3;
      context.strokeRect(
        HEAD_WIDTH + cell[1] * CELL - left + 1,
        HEAD_HEIGHT + cell[0] * CELL - top + 1,
        CELL - 2,
        CELL - 2,
      );
    }
    context.restore();
    context.font = `13px ${FONT}`;
    context.textBaseline = 'middle';
    context.fillStyle = colours.ground;
    context.fillRect(0, 0, width, HEAD_HEIGHT);
    context.fillRect(0, 0, HEAD_WIDTH, height);
    context.save();
    context.beginPath();
    context.rect(0, HEAD_HEIGHT, HEAD_WIDTH, height);
    context.clip();
    context.textAlign = 'right';
    for (let row = first.row; row <= last.row; row += 1) {
      context.fillStyle = isFocused && row === cell[0] ? colours.accent : colours.text;
      context.fillText(
        short(context, nameAt(row), HEAD_WIDTH - 20),
        HEAD_WIDTH - 8,
        HEAD_HEIGHT + row * CELL - top + CELL / 2,
      );
    }
    context.restore();
    context.save();
    context.beginPath();
    context.rect(HEAD_WIDTH, 0, width, HEAD_HEIGHT);
    context.clip();
    context.textAlign = 'left';
    for (let column = first.column; column <= last.column; column += 1) {
      context.save();
      context.translate(HEAD_WIDTH + column * CELL - left + CELL / 2, HEAD_HEIGHT - 8);
      context.rotate(-Math.PI / 2);
      context.fillStyle = isFocused && column === cell[1] ? colours.accent : colours.text;
      context.fillText(short(context, nameAt(column), HEAD_HEIGHT - 20), 0, 0);
      context.restore();
    }
    context.restore();
    context.fillStyle = colours.dim;
    context.textAlign = 'left';
    context.fillText('from ↓   to →', 14, HEAD_HEIGHT - 14);
  };
  const repaint = (): void => {
    if (frame.current === 0) frame.current = requestAnimationFrame(paint);
  };
  useEffect(repaint);
  useEffect(repaint, [theme]);
  useEffect(() => {
    const box = scroller.current;
    if (box === null) return undefined;
    const sized = new ResizeObserver(repaint);
    sized.observe(box);
    return () => sized.disconnect();
  }, []);

  const reveal = ([row, column]: readonly [number, number]): void => {
    const box = scroller.current;
    if (box === null) return;
    const [width, height] = [box.clientWidth - HEAD_WIDTH, box.clientHeight - HEAD_HEIGHT];
    box.scrollLeft = Math.min(column * CELL, Math.max(box.scrollLeft, (column + 1) * CELL - width));
    box.scrollTop = Math.min(row * CELL, Math.max(box.scrollTop, (row + 1) * CELL - height));
  };
  const go = (row: number, column: number): void => {
    const next = [Math.max(0, Math.min(count - 1, row)), Math.max(0, Math.min(count - 1, column))] as const;
    setCell(next);
    reveal(next);
  };
  const onKey = (event: KeyboardEvent): void => {
    const [row, column] = cell;
    const page = 10;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageUp: [row - page, column],
      PageDown: [row + page, column],
      Home: [row, 0],
      End: [row, count - 1],
    };
    const to = moves[event.key];
    if (to !== undefined) go(to[0], to[1]);
    else if (event.key === 'Enter' || event.key === ' ') onPair(nameAt(row), nameAt(column));
    else return;
    event.preventDefault();
  };
  const cellAt = (event: MouseEvent): readonly [number, number] | undefined => {
    const box = scroller.current;
    if (box === null) return undefined;
    const bounds = box.getBoundingClientRect();
    const row = Math.floor((event.clientY - bounds.top - HEAD_HEIGHT + box.scrollTop) / CELL);
    const column = Math.floor((event.clientX - bounds.left - HEAD_WIDTH + box.scrollLeft) / CELL);
    const isIn = event.clientY - bounds.top >= HEAD_HEIGHT && event.clientX - bounds.left >= HEAD_WIDTH;
    return isIn && row >= 0 && column >= 0 && row < count && column < count ? [row, column] : undefined;
  };
  const [row, column] = cell;
  const ports = count === 0 ? undefined : portsAt(picture, shown[row] ?? 0, shown[column] ?? 0);
  const said =
    count === 0
      ? 'No workload is shown.'
      : `${describeChange(changes.get(`${nameAt(row)}|${nameAt(column)}`), against)}${nameAt(row)} to ${nameAt(column)}: ${ports === undefined ? 'the same pod' : ports === 'none' ? 'refused at every port' : ports === 'all' ? 'allowed at every port' : `allowed at ${ports} only`}`;
  return (
    <div class="matrix">
      <div
        ref={scroller}
        class="scroller"
        tabIndex={0}
        role="application"
        aria-label={`Matrix of ${count} workloads. Arrow keys go from cell to cell, Enter explains one.`}
        onScroll={repaint}
        onKeyDown={onKey}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onPointerMove={(event) => {
          const at = cellAt(event);
          if (at !== undefined && (at[0] !== row || at[1] !== column)) setCell(at);
        }}
        onClick={(event) => {
          const at = cellAt(event);
          if (at === undefined) return;
          setCell(at);
          onPair(nameAt(at[0]), nameAt(at[1]));
        }}
      >
        <canvas ref={canvas} class="sticky" aria-hidden="true" />
        <div
          class="extent"
          ref={(element) => {
            if (element === null) return;
            element.style.width = `${HEAD_WIDTH + count * CELL}px`;
            element.style.height = `${HEAD_HEIGHT + count * CELL}px`;
          }}
        />
      </div>
      <p class="hint" aria-live="polite">
        {said}
      </p>
      <p class="key">
        <span class="sign allowed" aria-hidden="true">
          ●
        </span>{' '}
        every port{' '}
        <span class="sign allowed" aria-hidden="true">
          ○
        </span>{' '}
        some ports{' '}
        <span class="sign refused" aria-hidden="true">
          ✕
        </span>{' '}
        none
        {difference !== undefined && (
          <>
            {' '}
            <span class="sign opens" aria-hidden="true">
              +
            </span>{' '}
            opens{' '}
            <span class="sign closes" aria-hidden="true">
              −
            </span>{' '}
            closes, {plural(difference.length, 'pair')} compared with <bdi>{against}</bdi>
          </>
        )}
      </p>
    </div>
  );
};
