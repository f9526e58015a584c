import type { ImageName } from './project.ts';

export interface BuildOrder {
  readonly image: ImageName;
  /** Values of the Dockerfile's ARGs. */
  readonly args: Readonly<Record<string, string>>;
  /** File for the image as a docker-archive, under its full name. */
  readonly archive: string;
  readonly say: (line: string) => void;
}

/** Builds the Dockerfile as it is. @throws CommandError, or Error that says what is missing */
export type Builder = (order: BuildOrder) => Promise<void>;

/** The values as `--build-arg` flags. */
export const buildArgFlags = (args: BuildOrder['args']): readonly string[] =>
  Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);

/** A first build loads packages and programs for minutes on a slow machine. */
export const BUILD_MS = 30 * 60 * 1000;
