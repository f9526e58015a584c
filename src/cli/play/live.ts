import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { describeChanges } from './describe-reading.ts';
import { createJudge } from './judge.ts';
import { type DescribeFaults, observe, unsettled } from './observe.ts';
import { type Picture, renderPicture, summarize } from './picture.ts';
import type { Playground } from './playground.ts';
import type { Screen } from './screen.ts';
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

/** Clears the terminal and starts at its top left corner (ECMA-48 CUP, ED). */
const FROM_THE_TOP = '\u001B[H\u001B[2J';

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
}

const shortened = (lines: readonly string[]): readonly string[] =>
  lines.length <= CHANGES_TOLD ? lines : [...lines.slice(0, CHANGES_TOLD), `and ${lines.length - CHANGES_TOLD} more`];

/** Shows the newest state of a world until the process ends. */
export const showLive = async (deps: LiveDeps, { title, why, hints }: LiveSettings): Promise<never> => {
  const { source, playground, screen, clockTime } = deps;
  const { paint } = screen;
  let oldNews: readonly string[] = [];
  let newNews: readonly string[] = [];

  const drawOver = (picture: Picture): void => {
    const head = `${paint('bold', `portcullis play ${title}`)}   ${summarize(picture.world)}`;
    const parts = [head, renderPicture(picture, screen, { why }), [...oldNews, ...newNews].join('\n')];
    const text = [...parts.filter((part) => part !== ''), paint('dim', hints.join('\n'))].join('\n\n');
    screen.out(`${FROM_THE_TOP}${text}\n`);
  };

  const append = (picture: Picture, lines: readonly string[]): void => {
    const head = `${clockTime()} ${summarize(picture.world)}`;
    screen.out(`${[[head, ...lines].join('\n'), renderPicture(picture, screen, { why })].join('\n\n')}\n\n`);
  };

  const tell = (picture: Picture, lines: readonly string[]): void => {
    if (lines.length > 0) {
      oldNews = [...oldNews, ...newNews].slice(-OLD_NEWS_LINES);
      newNews = lines.flatMap((line) => line.split('\n'));
    }
    if (screen.terminal) drawOver(picture);
    else append(picture, lines);
  };

  if (!screen.terminal) screen.out(`portcullis play ${title}\n${hints.join('\n')}\n\n`);
  let read: ReturnType<WorldSource['read']>;
  let shown: Picture | undefined;
  let measuredAt = 0;
  for (;;) {
    const next = source.read();
    if (next !== undefined && next !== read) {
      const changes = shown === undefined ? [] : describeWorldChanges(shown.world, next.world);
      if (screen.terminal) drawOver(unsettled(next, shown?.readings ?? []));
      const picture = await observe(playground, next, deps.describeFaults);
      const turned = describeChanges(shown?.readings ?? [], picture.readings);
      const heading = changes.map((change) => `${clockTime()} ${change}`);
      tell(picture, [...shortened(heading), ...shortened(turned.map((line) => `  ${line.replaceAll('\n', '\n  ')}`))]);
      read = next;
      shown = picture;
      measuredAt = performance.now();
    } else if (shown !== undefined && performance.now() - measuredAt > MEASURE_AGAIN_MS) {
      const readings = await playground.measure(shown.world, createJudge(shown.world));
      const turned = describeChanges(shown.readings, readings);
      const picture = { ...shown, readings };
      if (!isDeepStrictEqual(shown.readings, readings)) {
        tell(
          picture,
          turned.map((line) => `${clockTime()} ${line}`),
        );
      }
      shown = picture;
      measuredAt = performance.now();
    }
    await delay(LOOK_MS);
  }
};
