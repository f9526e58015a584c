import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { readAssets } from '../../src/page-server/assets.ts';
import { type PageServer, startPageServer } from '../../src/page-server/page-server.ts';
import type { GalleryState } from './gallery.ts';

/** Debian's. */
export const CHROMIUM = '/usr/bin/chromium';
/** The built page. */
export const ASSETS = path.join(import.meta.dirname, '../../dist/page');

/** Starts Debian's Chromium. Root cannot have its sandbox; nothing but our own page is opened. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });

/** A server of the page that shows what a test publishes. */
export interface StagedServer extends PageServer {
  /** Returns a link that is good once. */
  link(): string;
}

export const startStagedServer = async (): Promise<StagedServer> => {
  let newest = '';
  const server = await startPageServer({
    assets: await readAssets(ASSETS),
    port: 0,
    onLink: (link) => {
      newest = link;
    },
  });
  return { ...server, link: () => newest };
};

/** Opens a state of the gallery. @param query the view, see writeView */
export const openState = async (
  page: Page,
  server: StagedServer,
  { meta, entries }: Pick<GalleryState, 'meta' | 'entries'>,
  query = '',
): Promise<void> => {
  server.publish(meta, entries);
  const [address = '', code = ''] = server.link().split('#');
  await page.goto(`${address}${query === '' ? '' : `?${query}`}#${code}`);
  await page.locator('.frame').waitFor({ timeout: 60_000 });
};
