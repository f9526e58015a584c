import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { readStory, StoryError } from './read-story.ts';
import { type Story, STORY_FILE } from './story.ts';

const load = async (folder: string): Promise<Story> => {
  const file = path.join(folder, STORY_FILE);
  const story = readStory(await readFile(file, 'utf8'), file, folder);
  const missing = story.steps
    .flatMap((step) => [...step.apply, ...step.delete])
    .filter((manifest) => !existsSync(path.join(folder, manifest)));
  if (missing.length > 0) throw new StoryError(missing.map((manifest) => `${file}: there is no file ${manifest}`));
  return story;
};

/**
 * Returns the story of a folder, or those of the folders in it, sorted by name.
 * @throws StoryError if there is none, or one is invalid
 */
export const findStories = async (folder: string): Promise<readonly Story[]> => {
  if (existsSync(path.join(folder, STORY_FILE))) return [await load(folder)];
  const names = (await readdir(folder)).sort().filter((name) => existsSync(path.join(folder, name, STORY_FILE)));
  if (names.length === 0) throw new StoryError([`${folder} holds no ${STORY_FILE}, and neither do the folders in it`]);
  const stories: Story[] = [];
  for (const name of names) stories.push(await load(path.join(folder, name)));
  return stories;
};

/** Returns the manifests at the start of a story: those beside its story.yaml. */
export const initialManifests = async ({ folder }: Story): Promise<readonly string[]> => {
  const names = (await readdir(folder)).sort();
  const manifests = names.filter((name) => /^[^.].*\.(?:yaml|yml|json)$/.test(name) && name !== STORY_FILE);
  return manifests.map((name) => path.join(folder, name));
};
