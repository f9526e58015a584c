import { realpathSync } from 'node:fs';
import path from 'node:path';

/** Returns the folder of the built page, beside the bundle or in `dist`. @param entry the file that Node was started with */
export const pageFolder = (entry: string): string => {
  const file = realpathSync(entry);
  return path.join(path.dirname(file), file.endsWith('.ts') ? '../../dist/page' : 'page');
};
