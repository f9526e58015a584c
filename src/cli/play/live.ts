import { isDeepStrictEqual } from 'node:util';
import { describeChanges } from './describe-reading.ts';
import { drawFrame } from './frame.ts';
import { type Picture, renderPicture, summarize } from './picture.ts';
import type { Screen } from './screen.ts';
import { openTerminal } from './terminal.ts';
import { createView, type Extent, type Key, pressKey } from './view.ts';
import { type WatchedWorld, watchWorld } from './watch-world.ts';
import { describeWorldChanges } from './world-changes.ts';

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

export interface LiveDeps extends WatchedWorld {
  readonly screen: Screen;
  /** Returns the time as `HH:MM:SS`. */
  readonly clockTime: () => string;
}

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= CHANGES_TOLD ? lines : [...lines.slice(0, CHANGES_TOLD), `and ${lines.length - CHANGES_TOLD} more`];

/** Shows the newest state of a world until a person ends it. @returns when the person quits */
export const showLive = async (deps: LiveDeps, { title, why, hints }: LiveSettings): Promise<void> => {
  const { screen, clockTime } = deps;
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
  await watchWorld(
    deps,
    {
      ...(terminal === undefined ? {} : { onChange: draw }),
      onApplied(picture, before) {
        const changes = before === undefined ? [] : describeWorldChanges(before.world, picture.world);
        const turned = describeChanges(before?.readings ?? [], picture.readings);
        show(picture, [
          ...shortened(changes.map((change) => `${clockTime()} ${change}`)),
          ...shortened(turned.map((line) => `  ${line.replaceAll('\n', '\n  ')}`)),
        ]);
      },
      onMeasured(picture, before) {
        if (isDeepStrictEqual(before.readings, picture.readings)) return;
        const turned = describeChanges(before.readings, picture.readings);
        show(
          picture,
          turned.map((line) => `${clockTime()} ${line}`),
        );
      },
    },
    quit.signal,
  );
  terminal?.close();
};
