import { CommandError } from '../src/kernel/command.ts';
import { buildImage } from './image/build-image.ts';

/**
 * `npm run image`: builds the Dockerfile with docker if its daemon answers, else with buildah and base images made
 * here. Prints the path of a docker-archive for `ctr images import` or `docker load`; all other output goes to standard
 * error.
 */

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error instanceof CommandError ? `${error.stderr.trimEnd()}\n${error.message}` : error.message;
};

try {
  const { archive } = await buildImage((line) => {
    console.error(`image: ${line}`);
  });
  console.log(archive);
} catch (error) {
  console.error(describe(error));
  process.exitCode = 1;
}
