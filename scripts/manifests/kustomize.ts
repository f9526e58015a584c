import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { PATHS, ROOT } from './paths.ts';

const { run } = createCommandRunner();

/** The manifest is applied by people who have not read the page. */
const ABOUT_IMAGE =
  '# No registry has the image portcullis: docs/install.md says how to build it and how nodes get it.\n';

/** Renders a folder, with a header that names the base and says where the image comes from. @throws CommandError */
export const kustomize = async (kubectl: string, folder: string): Promise<string> => {
  const text = await run(kubectl, ['kustomize', folder]);
  const header = `# Rendered from ${path.relative(ROOT, folder)} by \`npm run manifests\`: edit that instead.\n`;
  return folder === PATHS.base ? header + ABOUT_IMAGE + text : text;
};
