import type { StoryFact, StoryResult } from '../../../page/entries.ts';
import type { WorkloadOf } from '../../../reach/workloads.ts';
import { workloadsOf } from '../../matrix/read-cluster.ts';
import type { Ground } from '../ground.ts';
import { createJudge } from '../judge.ts';
import type { WorldSource } from '../world-source.ts';
import { initialManifests } from './find-stories.ts';
import { type CurlResult, isAsTold } from './result-lines.ts';
import { manifestsAfter, type Story } from './story.ts';
import { commandsOf, loadStoryWorld, NOTHING, type StoryWorld, tryStoryCurl } from './tell.ts';

/** Stories that somebody goes through step by step, forwards and backwards. */
export interface StoryBook extends WorldSource {
  /**
   * Turns to a step of a story: afterwards `read` returns its world.
   * @param step from 0; -1 is the beginning, before the first step
   * @throws StoryError where there is no such step, or its manifests are invalid
   */
  turnTo(story: number, step: number): Promise<void>;
  /** Tries the connections of the step, once its world is in force. */
  tryStep(): Promise<readonly CurlResult[]>;
  facts(): readonly StoryFact[];
  /** Of the pods of the present story. */
  workloadOf(): WorkloadOf;
}

interface Position {
  readonly story: number;
  readonly step: number;
  readonly results: readonly StoryResult[];
}

/** Returns the manifests that exist after a step. */
const manifestsAt = async (story: Story, step: number): Promise<readonly string[]> =>
  story.steps
    .slice(0, step + 1)
    .reduce((paths, each) => manifestsAfter(paths, each, story.folder), await initialManifests(story));

const toResult = (result: CurlResult): StoryResult => {
  const { kind, text } = result.ending;
  return {
    from: result.curl.from,
    attempt: result.attempt,
    ending: text,
    verdict: kind === 'answers' ? 'allowed' : kind === 'times out' ? 'refused' : 'failed',
    isAsTold: isAsTold(result),
  };
};

/** Opens stories at the beginning of the first. */
export const openStoryBook = async (stories: readonly Story[], ground: Ground): Promise<StoryBook> => {
  let read: StoryWorld | undefined;
  let position: Position = { story: 0, step: -1, results: [] };

  const turnTo = async (story: number, step: number): Promise<void> => {
    const told = stories[story];
    if (told === undefined || !Number.isInteger(step) || step < -1 || step >= told.steps.length) {
      throw new Error(`there is no step ${step + 1} of story ${story + 1}`);
    }
    const previous = read?.world.snapshot ?? NOTHING;
    read = await loadStoryWorld(await manifestsAt(told, step), previous, ground);
    position = { story, step, results: [] };
  };
  await turnTo(0, -1);

  return {
    turnTo,
    read: () => read,
    workloadOf: () => workloadsOf(read ?? { podOrigins: new Map() }),
    stop: () => Promise.resolve(),
    async tryStep() {
      const at = position;
      const curls = stories[at.story]?.steps[at.step]?.curls ?? [];
      if (read === undefined) return [];
      const { world } = read;
      const judge = createJudge(world);
      const results = await Promise.all(curls.map((curl) => tryStoryCurl(ground, world, judge, curl)));
      if (position === at) position = { ...at, results: results.map(toResult) };
      return results;
    },
    facts: () =>
      stories.map(({ title, intro, steps }, number) => ({
        kind: 'story',
        number,
        title,
        intro,
        steps: steps.map((step) => ({ say: step.say, commands: commandsOf(step) })),
        isShown: number === position.story,
        ...(number === position.story && position.step >= 0 ? { at: position.step } : {}),
        results: number === position.story ? position.results : [],
      })),
  };
};
