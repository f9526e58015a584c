import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { initialManifests } from '../../src/cli/play/story/find-stories.ts';
import type { Story } from '../../src/cli/play/story/story.ts';
import { tryCurl } from './curl.ts';
import type { Kubectl } from './kubectl.ts';
import { namespacesOf, placePods } from './place-pods.ts';

export interface StoryCounts {
  readonly asTold: number;
  readonly otherwise: number;
}

export interface StoryStage {
  readonly kubectl: Kubectl;
  /** Nodes for the story's node1, node2, … */
  readonly nodes: readonly string[];
  readonly print: (line: string) => void;
}

const readAll = async (files: readonly string[]): Promise<string> =>
  (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n---\n');

const WAIT = '--timeout=180s';

/** Calls `work` while the story's pods run, in namespaces of their own that are deleted afterwards. */
export const withStoryPods = async <Result>(
  story: Story,
  { kubectl, nodes }: StoryStage,
  work: () => Promise<Result>,
): Promise<Result> => {
  const text = await readAll(await initialManifests(story));
  const namespaces = namespacesOf(text);
  try {
    await kubectl(['apply', '-f', '-'], placePods(text, nodes));
    for (const namespace of namespaces) {
      const pods = ['-n', namespace, 'wait', '--for=condition=Ready', 'pod', '--all', WAIT];
      if ((await kubectl(['-n', namespace, 'get', 'pods', '-o', 'name'])) !== '') await kubectl(pods);
    }
    return await work();
  } finally {
    await kubectl(['delete', 'namespace', '--ignore-not-found', WAIT, ...namespaces]);
  }
};

/** Runs a story on a cluster, and prints one line for each curl. */
export const tellStory = async (story: Story, stage: StoryStage): Promise<StoryCounts> => {
  const { kubectl, print } = stage;
  print(`\n${story.title}`);
  return withStoryPods(story, stage, async () => {
    let counts: StoryCounts = { asTold: 0, otherwise: 0 };
    for (const step of story.steps) {
      print(`  ${step.say}`);
      for (const name of step.delete) await kubectl(['delete', '-f', path.join(story.folder, name)]);
      for (const name of step.apply) await kubectl(['apply', '-f', path.join(story.folder, name)]);
      for (const curl of step.curls) {
        const end = await tryCurl(kubectl, curl);
        const right = end === curl.expect;
        counts = right ? { ...counts, asTold: counts.asTold + 1 } : { ...counts, otherwise: counts.otherwise + 1 };
        const verdict = right ? 'as told' : `WRONG: told was "${curl.expect}"`;
        print(`    ${curl.from} → ${curl.to}:${curl.port}  ${end}  (${verdict})`);
      }
    }
    return counts;
  });
};
