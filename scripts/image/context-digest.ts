import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { digestFiles } from '../digest-files.ts';
import { ROOT } from './project.ts';

/** The paths that .dockerignore lets through; it names everything that the Dockerfile copies. */
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

/** A digest of all that the Dockerfile is and copies: images of one digest differ in nothing of ours. */
export const contextDigest = async (): Promise<string> => {
  const files = (await Promise.all(['Dockerfile', ...(await contextPaths())].map(filesBelow))).flat();
  return (await digestFiles(ROOT, files)).slice(0, 16);
};
