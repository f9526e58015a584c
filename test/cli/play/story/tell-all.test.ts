import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { Ground } from '../../../../src/cli/play/ground.ts';
import { plain } from '../../../../src/cli/play/paint.ts';
import { tellAll } from '../../../../src/cli/play/story/tell-all.ts';

const DEMO = path.join(import.meta.dirname, '../../../../demo');

/** A ground on which nothing runs: the stories here try no connection. */
const GROUND = {
  families: ['ipv4'],
  place: (snapshot: unknown) => snapshot,
  resolveServices: () => new Map(),
  playground: { show: () => Promise.resolve([]) },
} as unknown as Ground;

test.each([80, 100])('the beginning and the end of the demo fit into %i columns', async (columns) => {
  let text = '';
  const screen = {
    out: (piece: string) => (text += piece),
    terminal: true,
    width: () => columns,
    height: () => 24,
    paint: plain,
  };
  const stories = ['01-three-tiers', '02-zero-trust'].map((name) => ({
    folder: path.join(DEMO, name),
    title: name,
    intro: 'A shop: web pods in namespace frontend, an API in namespace backend, MySQL in namespace database.',
    steps: [],
  }));
  expect(await tellAll(stories, GROUND, screen)).toBe(0);
  expect(text).toContain('docs/first-hour.md');
  expect(text.split('\n').filter((line) => line.length > columns)).toEqual([]);
});
