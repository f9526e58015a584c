import type { Place } from '../../../cluster/manifest/place.ts';

/** A connection that a story tries, and how it is told to end. */
export interface StoryCurl {
  /** A pod (`namespace/name`) or a machine outside. */
  readonly from: string;
  /** A Service (`name.namespace`), a pod or a machine outside. */
  readonly to: string;
  /** The Service's port where `to` is one. */
  readonly port: number;
  /** UDP is tried with a datagram that comes back, since curl has no such thing. */
  readonly protocol: 'TCP' | 'UDP';
  readonly expect: 'answers' | 'times out';
  readonly place: Place;
}

/** Something happens, and then connections are tried. */
export interface StoryStep {
  readonly say: string;
  /** Paths of manifests that are added, relative to the story's folder. */
  readonly apply: readonly string[];
  /** Paths of manifests whose objects go. */
  readonly delete: readonly string[];
  readonly curls: readonly StoryCurl[];
}

/** What `story.yaml` of a folder tells. The manifests beside it, not those in folders below, are there from the start. */
export interface Story {
  readonly folder: string;
  readonly title: string;
  readonly intro: string;
  readonly steps: readonly StoryStep[];
}

export const STORY_FILE = 'story.yaml';
