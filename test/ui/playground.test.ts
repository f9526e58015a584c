import { afterEach, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../../scripts/page/browser.ts';
import { type LivePlay, startPlay } from '../../scripts/page/live-play.ts';
import { whyNoBrowser } from '../support/why-no-browser.ts';

const why = whyNoBrowser();
const isAll = process.env['PORTCULLIS_UI_TESTS'] === 'all';
const inBrowser = why === undefined && isAll ? describe : describe.skip;
/** It took 210 s beside 50 other busy processes on two cores. */
const STORY_MS = 400_000;

let play: LivePlay | undefined;
let browser: Browser | undefined;

afterEach(async () => {
  await browser?.close();
  await play?.stop();
});

const openPage = async ({ link }: LivePlay): Promise<Page> => {
  const address = await link();
  browser = await startBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
  await page.goto(address);
  return page;
};

inBrowser('the page on a live playground', () => {
  test('a refused curl is explained, the suggested change is applied, and a real curl passes', async () => {
    play = startPlay('demo/01-three-tiers');
    const page = await openPage(play);
    const row = page.getByRole('button', { name: /Refused.*frontend\/web.*database\/mysql/ });
    await row.click({ timeout: 90_000 });
    const drawer = page.getByRole('complementary', { name: 'Connection' });
    await drawer.getByText('Refused: TCP 3306').waitFor();
    await drawer.getByRole('listitem').filter({ hasText: 'pod label' }).filter({ hasText: 'role=backend' }).waitFor();
    await drawer.getByRole('button', { name: 'Try it with curl' }).click();
    await drawer.getByText('curl: (28) timed out').waitFor({ timeout: 30_000 });
    await drawer.getByRole('button', { name: 'Apply in the playground' }).first().click();
    await drawer.getByText('Allowed: TCP 3306').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: /^Allowed.*frontend\/web.*database\/mysql/ }).waitFor({ timeout: 60_000 });
    await drawer.getByRole('button', { name: 'Try it with curl' }).click();
    await drawer.getByText('HTTP 200 from database/mysql').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Time line' }).click();
    await page.getByText('policy database/database changed').waitFor();
    expect(play.complaints()).toBe('');
  });

  test(
    'the stories of the demo go step by step, with real policies and real clients',
    async () => {
      play = startPlay('--story', 'demo');
      const page = await openPage(play);
      const story = page.getByRole('region', { name: 'Story' });
      await story.getByRole('button', { name: 'Begin' }).click({ timeout: 120_000 });
      await story.getByText('Step 1 of 3').waitFor({ timeout: 90_000 });
      await story.getByRole('listitem').nth(3).filter({ hasText: 'HTTP 200 from database/mysql, as told' }).waitFor();
      await story.getByRole('button', { name: 'Next step' }).click();
      await story.getByText('$ kubectl apply -f policies/database.yaml').waitFor({ timeout: 90_000 });
      await story
        .getByRole('listitem')
        .filter({ hasText: 'neighbour/batch' })
        .filter({ hasText: 'timed out' })
        .waitFor();
      await page.getByRole('button', { name: /Refused.*neighbour\/batch.*database\/mysql/ }).waitFor();
      await story.getByRole('combobox', { name: 'Story' }).selectOption('1');
      await story.getByText('Step 0 of').waitFor({ timeout: 90_000 });
      expect(await story.getByText('not as told').count()).toBe(0);
      expect(play.complaints()).toBe('');
    },
    STORY_MS,
  );
});
