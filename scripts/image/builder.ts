import type { ImageName } from './project.ts';

export interface BuildOrder {
  readonly image: ImageName;
  /** Values of the Dockerfile's ARGs. */
  readonly args: Readonly<Record<string, string>>;
  /** The file of the image as a docker-archive, under its full name. */
  readonly archive: string;
  readonly say: (line: string) => void;
}

/** Builds the Dockerfile as it is. @throws CommandError, or Error that says what is missing */
export type Builder = (order: BuildOrder) => Promise<void>;

/** Returns the values as `--build-arg` flags. */
export const buildArgFlags = (args: BuildOrder['args']): readonly string[] =>
  Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);

/** A first build on a slow machine loads packages and programs for minutes. */
export const BUILD_MS = 30 * 60 * 1000;
