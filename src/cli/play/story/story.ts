import path from 'node:path';
import type { Place } from '../../../cluster/manifest/place.ts';

/** A connection that a story tries, and its expected end. */
export interface StoryCurl {
  /** A pod (`namespace/name`) or a machine outside. */
  readonly from: string;
  /** A Service (`name.namespace`), a pod or a machine outside. */
  readonly to: string;
  /** The Service's port where `to` is one. */
  readonly port: number;
  /** UDP is tried with a datagram that comes back, since curl does not support it. */
  readonly protocol: 'TCP' | 'UDP';
  readonly expect: 'answers' | 'times out';
  readonly place: Place;
}

/** A step of a story: changes, then connections to try. */
export interface StoryStep {
  readonly say: string;
  /** Paths of manifests to add, relative to the story's folder. */
  readonly apply: readonly string[];
  /** Paths of manifests whose objects are deleted. */
  readonly delete: readonly string[];
  readonly curls: readonly StoryCurl[];
}

/** The content of a folder's `story.yaml`. The manifests beside it exist from the start; those in subfolders do not. */
export interface Story {
  readonly folder: string;
  readonly title: string;
  readonly intro: string;
  readonly steps: readonly StoryStep[];
}

/** Returns the paths of the manifests that exist after a step, from those before it. */
export const manifestsAfter = (
  before: readonly string[],
  { apply, delete: gone }: StoryStep,
  folder: string,
): readonly string[] => {
  const inFolder = (files: readonly string[]): readonly string[] => files.map((file) => path.join(folder, file));
  return [...new Set(before).union(new Set(inFolder(apply))).difference(new Set(inFolder(gone)))];
};

export const STORY_FILE = 'story.yaml';
