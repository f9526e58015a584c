import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { digestFiles } from '../digest-files.ts';
import { ROOT } from './project.ts';

/** Returns the paths that .dockerignore admits; it names everything that the Dockerfile copies. */
const contextPaths = async (): Promise<readonly string[]> => {
  const lines = (await readFile(path.join(ROOT, '.dockerignore'), 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
};

const filesBelow = async (name: string): Promise<readonly string[]> => {
  const full = path.join(ROOT, name);
  if (!(await stat(full)).isDirectory()) return [name];
  const entries = await readdir(full, { recursive: true, withFileTypes: true });
  return entries
    .filter((each) => each.isFile())
    .map((each) => path.relative(ROOT, path.join(each.parentPath, each.name)));
};

/** Returns a digest of the Dockerfile and all that it copies: images with the same digest have the same files of ours. */
export const contextDigest = async (): Promise<string> => {
  const files = (await Promise.all(['Dockerfile', ...(await contextPaths())].map(filesBelow))).flat();
  return (await digestFiles(ROOT, files)).slice(0, 16);
};
