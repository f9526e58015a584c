import { setTimeout as delay } from 'node:timers/promises';
import { createJudge } from './judge.ts';
import { type DescribeFaults, observe, unsettled } from './observe.ts';
import type { Picture } from './picture.ts';
import type { Playground } from './playground.ts';
import type { WorldSource } from './world-source.ts';

/** Interval at which the source is read. */
const LOOK_MS = 50;
/** Interval of measurements without a change, since a person may tamper with the kernel. */
const MEASURE_AGAIN_MS = 5_000;

/** The playground and what decides its state. */
export interface WatchedWorld {
  readonly source: WorldSource;
  readonly playground: Playground;
  readonly describeFaults: DescribeFaults;
}

/** Called as the world changes. `before` is the measured picture before this one; undefined for the first. */
export interface WorldListener {
  /** A new state is about to be applied. The connections that it affects are not settled in this picture. */
  readonly onChange?: (picture: Picture) => void;
  /** A new state was applied and measured. */
  readonly onApplied: (picture: Picture, before: Picture | undefined) => void;
  /** The same state was measured again. */
  readonly onMeasured: (picture: Picture, before: Picture) => void;
}

/** Applies and measures the newest state of a world, over and over, until it is aborted. */
export const watchWorld = async (
  { source, playground, describeFaults }: WatchedWorld,
  { onChange, onApplied, onMeasured }: WorldListener,
  signal?: AbortSignal,
): Promise<void> => {
  let read: ReturnType<WorldSource['read']>;
  let shown: Picture | undefined;
  let measuredAt = 0;
  while (signal?.aborted !== true) {
    const next = source.read();
    if (next !== undefined && next !== read) {
      onChange?.(unsettled(next, shown?.readings ?? []));
      const picture = await observe(playground, next, describeFaults);
      onApplied(picture, shown);
      read = next;
      shown = picture;
      measuredAt = performance.now();
    } else if (shown !== undefined && performance.now() - measuredAt > MEASURE_AGAIN_MS) {
      const picture = { ...shown, readings: await playground.measure(shown.world, createJudge(shown.world)) };
      onMeasured(picture, shown);
      shown = picture;
      measuredAt = performance.now();
    }
    await delay(LOOK_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
};
