import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { buildImage } from '../../scripts/image/build-image.ts';
import type { ImageName } from '../../scripts/image/project.ts';

/** Archives of the agent's images. */
export interface AgentImages {
  readonly image: ImageName;
  readonly present: string;
  /** The image that was built before, or the current one if there is no other. */
  readonly previous: string;
}

/** Builds the Dockerfile's image if it is missing, and finds the one before it. */
export const findAgentImages = async (say: (line: string) => void): Promise<AgentImages> => {
  const { image, archive } = await buildImage(say);
  const folder = path.dirname(archive);
  const others = (await readdir(folder))
    .filter((name) => name.endsWith('.tar'))
    .map((name) => path.join(folder, name))
    .filter((file) => file !== archive);
  const aged = await Promise.all(others.map(async (file) => ({ file, at: (await stat(file)).mtimeMs })));
  const [newest] = aged.toSorted((left, right) => right.at - left.at);
  return { image, present: archive, previous: newest?.file ?? archive };
};
