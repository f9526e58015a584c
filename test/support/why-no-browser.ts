import { existsSync } from 'node:fs';
import { ASSETS, CHROMIUM } from '../../scripts/page/browser.ts';

/** Returns why the page cannot be opened here; undefined where it can. */
export const whyNoBrowser = (): string | undefined => {
  if (!existsSync(CHROMIUM)) return `no ${CHROMIUM}: sh scripts/setup.sh browser`;
  return existsSync(ASSETS) ? undefined : 'the page is not built: npm run build';
};
