import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { down } from '../cluster/down.ts';
import type { ClusterFolder } from '../cluster/folder.ts';
import { writeImageArchive } from '../cluster/images/archive.ts';
import { prometheusImage } from '../cluster/images/catalog.ts';
import { loadImage } from '../cluster/images/load.ts';
import { renameArchive } from '../cluster/images/rename-archive.ts';
import { findClusterPrograms } from '../cluster/programs.ts';
import { up } from '../cluster/up.ts';
import type { AgentImages } from './images.ts';
import type { Outcome } from './outcome.ts';
import { runOn, type Selection } from './run-on.ts';
import type { Variant } from './variants.ts';

const PREVIOUS_TAG = 'previous';

type Say = (line: string) => void;

const loadPrometheus = async (folder: ClusterFolder): Promise<void> => {
  const runner = createCommandRunner();
  const archive = path.join(folder.root, 'prometheus.tar');
  await writeImageArchive(runner, await prometheusImage(runner), archive);
  await loadImage(folder, archive);
};

/** Loads both images of the agent into the nodes. @returns the name of the previous one */
const loadAgents = async (folder: ClusterFolder, { present, previous, image }: AgentImages): Promise<string> => {
  const previousName = `${image.full.slice(0, image.full.lastIndexOf(':'))}:${PREVIOUS_TAG}`;
  const renamed = path.join(folder.root, `${PREVIOUS_TAG}.tar`);
  await renameArchive(createCommandRunner(), previous, previousName, renamed);
  await loadImage(folder, renamed);
  await loadImage(folder, present);
  return previousName;
};

/**
 * Starts a cluster of ours with both images of the agent, runs the selection, and ends the cluster in any case.
 *
 * @throws Error if the cluster does not start or the agent cannot be installed
 */
export const runVariant = async (
  folder: ClusterFolder,
  variant: Variant,
  images: AgentImages,
  selection: Selection,
  say: Say,
): Promise<Outcome> => {
  const startedAt = performance.now();
  const tell = (line: string): void => say(`${variant.name}: ${line}`);
  await up(folder, variant.settings, tell);
  try {
    const programs = await findClusterPrograms(tell);
    const previousImage = await loadAgents(folder, images);
    await loadPrometheus(folder);
    tell('the nodes have the images');
    const target = {
      kubectl: programs.path('kubectl'),
      kubeconfig: folder.kubeconfig,
      clusterRoot: folder.root,
      previousImage,
    };
    const ran = await runOn(target, selection, tell);
    return { variant: variant.name, ...ran, minutes: (performance.now() - startedAt) / 60_000 };
  } finally {
    await down(folder, tell);
  }
};
