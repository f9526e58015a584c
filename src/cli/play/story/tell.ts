import type { LoadedManifests } from '../../../cluster/manifest/assemble.ts';
import { loadManifests } from '../../../cluster/manifest/load-manifests.ts';
import { formatProblem } from '../../../cluster/manifest/place.ts';
import type { ClusterSnapshot } from '../../../model/snapshot.ts';
import type { Ground } from '../ground.ts';
import { createJudge, type Judge } from '../judge.ts';
import { summarize } from '../picture.ts';
import { type ReadWorld, readWorld } from '../read-world.ts';
import type { Screen } from '../screen.ts';
import { describeWorldChanges } from '../world-changes.ts';
import type { World } from '../world.ts';
import { initialManifests } from './find-stories.ts';
import { formatPlace } from './place-text.ts';
import { StoryError } from './read-story.ts';
import { type CurlResult, resultLines } from './result-lines.ts';
import { manifestsAfter, type Story, type StoryCurl, type StoryStep } from './story.ts';
import { judgeTarget, resolveTarget } from './target.ts';
import { describeAttempt, tryConnection } from './try-connection.ts';
import { indent, wrap } from '../../wrap.ts';

/** Before a story begins. */
export const NOTHING: ClusterSnapshot = { namespaces: new Map(), pods: new Map(), policies: new Map() };

const STEP_INDENT = 3;

/** A world of a story, with where its pods come from. */
export type StoryWorld = ReadWorld & Pick<LoadedManifests, 'podOrigins'>;

/** @throws StoryError for invalid manifests: a story must run as written */
export const loadStoryWorld = async (
  paths: readonly string[],
  previous: ClusterSnapshot,
  ground: Ground,
): Promise<StoryWorld> => {
  const loaded: LoadedManifests = await loadManifests(paths);
  const placed = { ...loaded, snapshot: ground.place(loaded.snapshot, previous) };
  const read = readWorld(placed, ground.families, ground.resolveServices);
  const { problems, warnings } = read;
  const mistakes = [...problems.map(formatProblem), ...warnings];
  if (mistakes.length > 0) throw new StoryError(mistakes);
  return { ...read, podOrigins: loaded.podOrigins };
};

/** @throws StoryError if the playground does not get there */
const show = async (ground: Ground, world: World): Promise<number> => {
  const begun = performance.now();
  const failures = await ground.playground.show(world);
  if (failures.length > 0) throw new StoryError(failures);
  return performance.now() - begun;
};

/** Tries one connection of a story. @throws StoryError where it names nothing of the world */
export const tryStoryCurl = async (
  ground: Ground,
  world: World,
  judge: Judge,
  curl: StoryCurl,
): Promise<CurlResult> => {
  const actor = ground.playground.actor(curl.from);
  if (actor === undefined) {
    throw new StoryError([`${formatPlace(curl.place)}: from: there is no pod or machine outside called ${curl.from}`]);
  }
  const target = resolveTarget(world, curl);
  const judgement = judgeTarget(judge, actor.machine, target, curl);
  const ending = await tryConnection(actor, target, curl);
  return { curl, attempt: describeAttempt(target, curl), ending, judgement };
};

/** Returns the commands that a person would type for a step. */
export const commandsOf = ({ apply, delete: gone }: StoryStep): readonly string[] => [
  ...apply.map((file) => `kubectl apply -f ${file}`),
  ...gone.map((file) => `kubectl delete -f ${file}`),
];

/** Runs one story on a ground that an earlier story may have used. @returns how every connection ended */
export const tellStory = async (story: Story, ground: Ground, screen: Screen): Promise<readonly CurlResult[]> => {
  const { paint } = screen;
  const say = (lines: readonly string[], by: number): void => {
    screen.out(`${indent(lines, by)}\n`);
  };
  const room = (by: number): number => Math.max(40, screen.width() - by);
  let paths = await initialManifests(story);
  let { world } = await loadStoryWorld(paths, NOTHING, ground);
  say([...wrap(story.intro, room(0)), '', paint('dim', summarize(world))], 0);
  await show(ground, world);

  const results: CurlResult[] = [];
  for (const [index, step] of story.steps.entries()) {
    say(['', ...wrap(`${index + 1}. ${step.say}`, room(0)).map((line) => paint('bold', line))], 0);
    paths = manifestsAfter(paths, step, story.folder);
    const { world: next } = await loadStoryWorld(paths, world.snapshot, ground);
    const changes = describeWorldChanges(world, next);
    world = next;
    if (changes.length > 0) {
      const took = await show(ground, world);
      const done = paint('dim', `in force on every node after ${Math.round(took)} ms`);
      say([...commandsOf(step).map((command) => `$ ${command}`), ...changes, done, ''], STEP_INDENT);
    }
    const judge = createJudge(world);
    const tried = await Promise.all(step.curls.map((curl) => tryStoryCurl(ground, world, judge, curl)));
    say(resultLines(tried, room(STEP_INDENT), paint), STEP_INDENT);
    results.push(...tried);
  }
  return results;
};
