import path from 'node:path';
import type { Entry, Meta } from '../../../page/entries.ts';
import { RUN_FOLDER } from '../ground.ts';

/**
 * The page's server is outside of the sandbox, where a browser reaches it; the playground is inside. They speak lines of JSON
 * over a unix socket in the sandbox's own /run.
 */
export const PAGE_SOCKET = path.join(RUN_FOLDER, 'page.sock');

export type FromPlayground =
  | { readonly op: 'state'; readonly meta: Omit<Meta, 'leftOut'>; readonly entries: readonly Entry[] }
  /** Of a wish. `isError`: `message` says why it was not fulfilled. */
  | { readonly op: 'answer'; readonly id: number; readonly message: string; readonly isError: boolean };

/** Something that a person wants of the playground. */
export type Wish =
  | { readonly op: 'apply'; readonly yaml: string }
  /** `step`: from 0; -1 is the beginning of the story, before its first step. */
  | { readonly op: 'tell'; readonly story: number; readonly step: number }
  | {
      readonly op: 'try';
      readonly source: string;
      readonly destination: string;
      readonly protocol: string;
      readonly port: number;
    };

export type ToPlayground = Wish & { readonly id: number };
