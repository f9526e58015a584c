import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { takeDemoPicture } from './page/demo-picture.ts';
import { openState, startBrowser, startStagedServer } from './page/browser.ts';
import { gallery } from './page/gallery.ts';

/**
 * `npm run ui:pictures`: the pictures of the page in docs. Each view in dark and light is from a state of the gallery, and
 * the picture of the README is from the demo, as it runs.
 */
const folder = path.join(import.meta.dirname, '../docs/page');
const REFUSED = encodeURIComponent('refused|shop/web|data/postgres|TCP|5432');

/** Views by the name of their picture. Those without a state show the shop. */
const VIEWS: Readonly<Record<string, string>> = {
  map: '',
  edge: `sel=${REFUSED}`,
  pod: 'sel=data%2Fpostgres',
  matrix: 'view=matrix',
  policies: 'view=policies',
  time: 'view=time',
  story: '',
  difference: 'view=matrix',
};

await mkdir(folder, { recursive: true });
const browser = await startBrowser();
const server = await startStagedServer();
try {
  const states = gallery();
  const shop = states.find(({ name }) => name === 'shop');
  if (shop === undefined) throw new Error('the gallery has no shop');
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 760 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    for (const [name, query] of Object.entries(VIEWS)) {
      await openState(page, server, states.find((state) => state.name === name) ?? shop, query);
      if (name === 'edge') await page.locator('.suggestion').first().waitFor();
      if (name === 'policies') {
        await page.getByRole('combobox').selectOption('data/only-api');
        await page.locator('.effects').waitFor();
      }
      if (!query.includes('view=matrix') && !query.includes('view=time'))
        await page.locator('.map canvas[data-sharp="true"]').waitFor();
      await page.waitForFunction(
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))',
      );
      await page.screenshot({ path: path.join(folder, `${name}-${colorScheme}.png`) });
    }
    await page.close();
  }
  await takeDemoPicture(browser, path.join(folder, 'demo.png'));
} finally {
  await browser.close();
  server.close();
}
