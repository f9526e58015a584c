import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A file of the built page. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the built page into memory: no request names a file of the machine.
 * @throws Error where the page is not built
 */
export const readAssets = async (folder: string): Promise<ReadonlyMap<string, Asset>> => {
  const names = await readdir(folder).catch(() => []);
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const type = TYPES[path.extname(name)];
    if (type !== undefined) assets.set(`/${name}`, { type, body: await readFile(path.join(folder, name)) });
  }
  const index = assets.get('/index.html');
  if (index === undefined)
    throw new Error(
      `the page is not here (no ${path.join(folder, 'index.html')}): the image has none; in a checkout, npm run build makes it`,
    );
  return assets.set('/', index);
};
