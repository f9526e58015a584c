import { describeFailure } from '../failure.ts';
import { createJudge } from './judge.ts';
import { expectAll } from './measure.ts';
import type { Picture } from './picture.ts';
import type { Playground } from './playground.ts';
import type { ReadWorld } from './read-world.ts';
import { type Reading, readingKey } from './reading.ts';

/** Describes the faults of policies. */
export type DescribeFaults = (faults: ReturnType<typeof createJudge>['faults']) => readonly string[];

/** Returns the picture while a change is applied: connections that it affects are open questions, the rest stays. */
export const unsettled = ({ world, problems, warnings }: ReadWorld, before: readonly Reading[]): Picture => {
  const known = new Map(before.map((reading) => [readingKey(reading), reading]));
  const readings = expectAll(world, createJudge(world)).map((reading) => {
    const was = known.get(readingKey(reading));
    return was?.expected === reading.expected ? { ...reading, measured: was.measured } : reading;
  });
  return { world, readings, problems, warnings };
};

/** Puts a world on the stage and measures it. Failures become part of the picture. */
export const observe = async (
  playground: Playground,
  { world, problems, warnings: known }: ReadWorld,
  describe: DescribeFaults,
): Promise<Picture> => {
  const judge = createJudge(world);
  const warnings = [...known, ...describe(judge.faults)];
  try {
    warnings.push(...(await playground.show(world)));
  } catch (error) {
    warnings.push(describeFailure(error));
  }
  return { world, readings: await playground.measure(world, judge), problems, warnings };
};
