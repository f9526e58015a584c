import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { PATHS, ROOT } from './paths.ts';

const { run } = createCommandRunner();

/** Renders a folder, with a header that names the base. @throws CommandError */
export const kustomize = async (kubectl: string, folder: string): Promise<string> => {
  const text = await run(kubectl, ['kustomize', folder]);
  const header = `# Rendered from ${path.relative(ROOT, folder)} by \`npm run manifests\`: edit that instead.\n`;
  return folder === PATHS.base ? header + text : text;
};
