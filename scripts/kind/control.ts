import path from 'node:path';
import type { Story } from '../../src/cli/play/story/story.ts';
import { tryCurl } from './curl.ts';
import { type StoryStage, withStoryPods } from './tell-story.ts';

/**
 * Checks that nothing in this cluster enforces policies yet, so that all later denials are the installed agent's.
 * @throws Error if a deny policy has an effect
 */
export const assertNothingEnforces = async (story: Story, stage: StoryStage): Promise<void> => {
  const step = story.steps.find(({ curls }) => curls.some(({ expect }) => expect === 'times out'));
  const denied = step?.curls.find(({ expect }) => expect === 'times out');
  if (step === undefined || denied === undefined) throw new Error(`${story.folder}: the story denies nothing`);
  await withStoryPods(story, stage, async () => {
    for (const name of step.apply) await stage.kubectl(['apply', '-f', path.join(story.folder, name)]);
    const end = await tryCurl(stage.kubectl, { ...denied, expect: 'answers' });
    if (end !== 'answers') {
      throw new Error(
        `${denied.from} → ${denied.to}: ${end} before Portcullis is there: something else enforces policies`,
      );
    }
    stage.print(`without Portcullis a denied curl is answered: ${denied.from} → ${denied.to}:${denied.port}`);
  });
};
