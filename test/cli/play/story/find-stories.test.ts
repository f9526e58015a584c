import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findStories, initialManifests } from '../../../../src/cli/play/story/find-stories.ts';

const STORY = (title: string, step = '{say: Go.}'): string =>
  `apiVersion: play.portcullis.dev/v1\nkind: Story\ntitle: ${title}\nintro: Once.\nsteps: [${step}]\n`;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-stories-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const put = async (file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
  await writeFile(path.join(folder, file), text);
};

describe('stories', () => {
  test('stories are found in the folder itself, or in the folders in it by name', async () => {
    await put('02-b/story.yaml', STORY('B'));
    await put('01-a/story.yaml', STORY('A'));
    await put('notes/readme.md', 'no story');
    expect((await findStories(folder)).map(({ title }) => title)).toEqual(['A', 'B']);
    expect((await findStories(path.join(folder, '02-b'))).map(({ title }) => title)).toEqual(['B']);
  });

  test('a story begins with the manifests beside story.yaml, without those in subfolders', async () => {
    await put('story.yaml', STORY('A'));
    await put('b.json', '{}');
    await put('a.yaml', '');
    await put('policies/deny.yaml', '');
    await put('.hidden.yaml', '');
    const [story] = await findStories(folder);
    expect(story && (await initialManifests(story))).toEqual([
      path.join(folder, 'a.yaml'),
      path.join(folder, 'b.json'),
    ]);
  });

  test('a story must have the manifests that it applies', async () => {
    await put('story.yaml', STORY('A', '{say: Go., apply: policies/deny.yaml}'));
    await expect(findStories(folder)).rejects.toThrow('story.yaml: there is no file policies/deny.yaml');
  });

  test('a folder without a story is refused', async () => {
    await expect(findStories(folder)).rejects.toThrow('holds no story.yaml, and neither do the folders in it');
  });
});
