import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';
import type { Browser } from 'playwright-core';

const ROOT = path.join(import.meta.dirname, '../..');
const MOST_WAIT_MS = 120_000;

/**
 * Takes a picture of the first story of the demo: its pods run in namespaces of this machine, its policies are enforced, and
 * a connection that is refused there is explained. Needs root, as the demo does.
 * @throws Error if the playground or the page does not come
 */
export const takeDemoPicture = async (browser: Browser, file: string): Promise<void> => {
  const play = spawn(process.execPath, ['src/cli/main.ts', 'play', 'demo/01-three-tiers', '--ui'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [link] = (await once(createInterface(play.stdout), 'line', {
      signal: AbortSignal.timeout(MOST_WAIT_MS),
    })) as [string];
    const page = await browser.newPage({
      viewport: { width: 1280, height: 760 },
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    await page.goto(link);
    const row = page.getByRole('button', { name: /Refused.*frontend\/web.*database\/mysql/ });
    await row.click({ timeout: MOST_WAIT_MS });
    await page.locator('.suggestion').first().waitFor();
    await page.locator('.map canvas[data-sharp="true"]').waitFor();
    await page.screenshot({ path: file });
    await page.close();
  } finally {
    play.kill('SIGTERM');
    await once(play, 'exit');
  }
};
