import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { tellStory } from '../../scripts/kind/tell-story.ts';
import { findStories } from '../../src/cli/play/story/find-stories.ts';
import { kubectl } from '../support/kubectl.ts';
import { workers } from '../support/stage.ts';

/** The stories of demo/ without machines outside of the cluster, run by real pods. */

const STORIES = ['01-three-tiers', '02-zero-trust', '03-both-ends'];

let nodes: readonly string[] = [];

beforeAll(async () => {
  nodes = (await workers()).map(({ name }) => name);
});

describe.each(STORIES)('%s', (name) => {
  test('the story’s connections end as the story says', async () => {
    const lines: string[] = [];
    const folder = path.join(import.meta.dirname, '../../demo', name);
    for (const story of await findStories(folder)) {
      const { asTold, otherwise } = await tellStory(story, { kubectl, nodes, print: (line) => lines.push(line) });
      expect(lines.filter((line) => line.includes('WRONG'))).toEqual([]);
      expect(otherwise).toBe(0);
      expect(asTold).toBeGreaterThan(0);
    }
  });
});
