import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { describeChanges } from './describe-reading.ts';
import { drawFrame } from './frame.ts';
import { createJudge } from './judge.ts';
import { type DescribeFaults, observe, unsettled } from './observe.ts';
import { type Picture, renderPicture, summarize } from './picture.ts';
import type { Playground } from './playground.ts';
import type { Screen } from './screen.ts';
import { openTerminal } from './terminal.ts';
import { createView, type Extent, type Key, pressKey } from './view.ts';
import { describeWorldChanges } from './world-changes.ts';
import type { WorldSource } from './world-source.ts';

/** Interval at which the source is read. */
const LOOK_MS = 50;
/** Interval of measurements without a change, since a person may tamper with the kernel. */
const MEASURE_AGAIN_MS = 5_000;
/** On a terminal, up to this many lines of older news stay below the table, with all of the newest. */
const OLD_NEWS_LINES = 6;
/** Maximum reported changes: one policy may change hundreds of connections. */
const CHANGES_TOLD = 6;

export interface LiveSettings {
  readonly title: string;
  readonly why: boolean;
  /** The last lines: what a person can do next. */
  readonly hints: readonly string[];
}

export interface LiveDeps {
  readonly source: WorldSource;
  readonly playground: Playground;
  readonly screen: Screen;
  readonly describeFaults: DescribeFaults;
  /** Returns the time as `HH:MM:SS`. */
  readonly clockTime: () => string;
  /** Called with each measured picture. */
  readonly onPicture?: (picture: Picture) => void;
}

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= CHANGES_TOLD ? lines : [...lines.slice(0, CHANGES_TOLD), `and ${lines.length - CHANGES_TOLD} more`];

/** Shows the newest state of a world until a person ends it. @returns when the person quits */
export const showLive = async (deps: LiveDeps, { title, why, hints }: LiveSettings): Promise<void> => {
  const { source, playground, screen, clockTime } = deps;
  let oldNews: readonly string[] = [];
  let newNews: readonly string[] = [];
  let drawn: Picture | undefined;
  let view = createView(why);
  let extent: Extent = { lines: 0, page: 0, blocks: 1 };
  const quit = new AbortController();

  const draw = (picture: Picture): void => {
    drawn = picture;
    const frame = drawFrame(picture, { title, oldNews, newNews, hints }, view, screen);
    ({ view, extent } = frame);
    terminal?.show(frame.lines);
  };
  const redraw = (): void => {
    if (drawn !== undefined) draw(drawn);
  };
  const onKey = (key: Key): void => {
    const next = pressKey(view, key, extent);
    if (next === 'quit') {
      quit.abort();
      return;
    }
    view = next;
    redraw();
  };
  const terminal = screen.terminal ? openTerminal({ onKey, onResize: redraw }) : undefined;

  const append = (picture: Picture, lines: readonly string[]): void => {
    const head = `${clockTime()} ${summarize(picture.world)}`;
    screen.out(`${[[head, ...lines].join('\n'), renderPicture(picture, screen, { why })].join('\n\n')}\n\n`);
  };

  const show = (picture: Picture, lines: readonly string[]): void => {
    if (lines.length > 0) {
      oldNews = [...oldNews, ...newNews].slice(-OLD_NEWS_LINES);
      newNews = lines.flatMap((line) => line.split('\n'));
    }
    if (terminal === undefined) append(picture, lines);
    else draw(picture);
  };

  if (terminal === undefined) screen.out(`portcullis play ${title}\n${hints.join('\n')}\n\n`);
  let read: ReturnType<WorldSource['read']>;
  let shown: Picture | undefined;
  let measuredAt = 0;
  while (!quit.signal.aborted) {
    const next = source.read();
    if (next !== undefined && next !== read) {
      const changes = shown === undefined ? [] : describeWorldChanges(shown.world, next.world);
      if (terminal !== undefined) draw(unsettled(next, shown?.readings ?? []));
      const picture = await observe(playground, next, deps.describeFaults);
      deps.onPicture?.(picture);
      const turned = describeChanges(shown?.readings ?? [], picture.readings);
      const heading = changes.map((change) => `${clockTime()} ${change}`);
      show(picture, [...shortened(heading), ...shortened(turned.map((line) => `  ${line.replaceAll('\n', '\n  ')}`))]);
      read = next;
      shown = picture;
      measuredAt = performance.now();
    } else if (shown !== undefined && performance.now() - measuredAt > MEASURE_AGAIN_MS) {
      const readings = await playground.measure(shown.world, createJudge(shown.world));
      const turned = describeChanges(shown.readings, readings);
      const picture = { ...shown, readings };
      deps.onPicture?.(picture);
      if (!isDeepStrictEqual(shown.readings, readings)) {
        show(
          picture,
          turned.map((line) => `${clockTime()} ${line}`),
        );
      }
      shown = picture;
      measuredAt = performance.now();
    }
    await delay(LOOK_MS, undefined, { signal: quit.signal }).catch(() => undefined);
  }
  terminal?.close();
};
