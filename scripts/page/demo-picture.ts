import type { Browser } from 'playwright-core';
import { startPlay } from './live-play.ts';

const MOST_WAIT_MS = 120_000;

/**
 * Takes a picture of the first story of the demo: its pods run in namespaces of this machine, its policies are enforced, and
 * a connection that is refused there is explained. Needs root, as the demo does.
 * @throws Error if the playground or the page does not come
 */
export const takeDemoPicture = async (browser: Browser, file: string): Promise<void> => {
  const play = startPlay('demo/01-three-tiers');
  try {
    const page = await browser.newPage({
      viewport: { width: 1280, height: 760 },
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    await page.goto(await play.link());
    const row = page.getByRole('button', { name: /Refused.*frontend\/web.*database\/mysql/ });
    await row.click({ timeout: MOST_WAIT_MS });
    await page.locator('.suggestion').first().waitFor();
    await page.locator('.map canvas[data-sharp="true"]').waitFor();
    await page.screenshot({ path: file });
    await page.close();
  } finally {
    await play.stop();
  }
};
