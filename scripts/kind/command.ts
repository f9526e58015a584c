import path from 'node:path';
import { Command } from 'commander';
import { findStories } from '../../src/cli/play/story/find-stories.ts';
import type { Story } from '../../src/cli/play/story/story.ts';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import { buildImage } from '../image/build-image.ts';
import { dockerAnswers } from '../image/docker.ts';
import { ROOT } from '../image/project.ts';
import { assertNothingEnforces } from './control.ts';
import { endKindnetPolicies } from './kindnet.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { type StoryCounts, type StoryStage, tellStory } from './tell-story.ts';

/** The name in kind-config.yaml, and kind's context of that cluster. */
const CLUSTER = 'portcullis';
const CONTEXT = `kind-${CLUSTER}`;

/** A node's image, about 1 GB, is loaded first. */
const CREATE_MS = 20 * 60 * 1000;

/** The stories without machines outside of the cluster. */
const STORIES = ['01-three-tiers', '02-zero-trust', '03-both-ends'];

const { run } = createCommandRunner();

const say = (line: string): void => {
  console.error(`kind: ${line}`);
};

const requirePrograms = async (): Promise<void> => {
  if (!(await dockerAnswers())) throw new Error('kind needs a docker daemon, and none answers (docker version)');
  for (const [program, version, source] of [
    ['kind', ['version'], 'https://kind.sigs.k8s.io'],
    ['kubectl', ['version', '--client'], 'https://kubernetes.io/docs/tasks/tools'],
  ] as const) {
    await run(program, version).catch((error: unknown) => {
      throw new Error(`${program} is missing: ${source}`, { cause: error });
    });
  }
};

const readStories = async (): Promise<readonly Story[]> =>
  (await Promise.all(STORIES.map((name) => findStories(path.join(ROOT, 'demo', name))))).flat();

const namesOf = (output: string): readonly string[] => output.split(/\s+/).filter((name) => name !== '');

const stageOn = async (kubectl: Kubectl): Promise<StoryStage> => {
  const workers = ['get', 'nodes', '-l', '!node-role.kubernetes.io/control-plane'];
  const nodes = namesOf(await kubectl([...workers, '-o', 'jsonpath={.items[*].metadata.name}']));
  return {
    kubectl,
    nodes: nodes.toSorted(),
    print: (line) => {
      console.log(line);
    },
  };
};

const up = async (): Promise<void> => {
  await requirePrograms();
  const kubectl = createKubectl(CONTEXT);
  const { image } = await buildImage(say);
  if (!namesOf(await run('kind', ['get', 'clusters'])).includes(CLUSTER)) {
    say('kind create cluster --config kind-config.yaml (minutes, the first time)');
    const config = path.join(ROOT, 'kind-config.yaml');
    await run('kind', ['create', 'cluster', '--config', config, '--wait', '180s'], { timeoutMs: CREATE_MS });
    await endKindnetPolicies(kubectl, namesOf(await run('kind', ['get', 'nodes', '--name', CLUSTER])));
    const [, zeroTrust] = await readStories();
    if (zeroTrust !== undefined) await assertNothingEnforces(zeroTrust, await stageOn(kubectl));
  }
  say(`kind load docker-image ${image.short}`);
  await run('kind', ['load', 'docker-image', image.short, '--name', CLUSTER], { timeoutMs: CREATE_MS });
  const before = await kubectl([
    '-n',
    'kube-system',
    'get',
    'daemonset/portcullis',
    '--ignore-not-found',
    '-o',
    'name',
  ]);
  await kubectl(['apply', '-f', path.join(ROOT, 'manifests/portcullis.yaml')]);
  // The image has the same tag as the previous one, which the agents still run.
  if (before !== '') await kubectl(['-n', 'kube-system', 'rollout', 'restart', 'daemonset/portcullis']);
  await kubectl(['-n', 'kube-system', 'rollout', 'status', 'daemonset/portcullis', '--timeout=180s']);
  say(`every node enforces; kubectl --context ${CONTEXT} reaches the cluster`);
};

const stories = async (): Promise<void> => {
  await requirePrograms();
  const stage = await stageOn(createKubectl(CONTEXT));
  const told: StoryCounts[] = [];
  for (const story of await readStories()) told.push(await tellStory(story, stage));
  const otherwise = told.reduce((sum, counts) => sum + counts.otherwise, 0);
  const asTold = told.reduce((sum, counts) => sum + counts.asTold, 0);
  console.log(`\n${asTold} as told, ${otherwise} otherwise`);
  if (otherwise > 0) process.exitCode = 1;
};

const down = async (): Promise<void> => {
  await run('kind', ['delete', 'cluster', '--name', CLUSTER], { timeoutMs: CREATE_MS }).catch((error: unknown) => {
    throw error instanceof CommandError ? new Error(error.stderr.trim(), { cause: error }) : error;
  });
};

export const kindCommand = (): Command => {
  const command = new Command('kind').description(
    'Portcullis on a cluster of kind. Without a command: up, then stories; the cluster stays.',
  );
  command.command('up').description('create the cluster, build and load the image, install').action(up);
  command.command('stories').description('tell the stories of demo/ with curl between pods').action(stories);
  command.command('down').description('delete the cluster').action(down);
  return command.action(async () => {
    await up();
    await stories();
  });
};
