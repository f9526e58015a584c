import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from '../../scripts/page/browser.ts';
import { whyNoBrowser } from '../support/why-no-browser.ts';
import { waitFor } from '../support/wait-for.ts';

const why = whyNoBrowser();
const isAll = process.env['PORTCULLIS_UI_TESTS'] === 'all';
const inBrowser = why === undefined && isAll ? describe : describe.skip;
/** It took 210 s beside 50 other busy processes on two cores. */
const STORY_MS = 400_000;
const ROOT = path.join(import.meta.dirname, '../..');

let play: ChildProcess | undefined;
let browser: Browser | undefined;

afterEach(async () => {
  await browser?.close();
  play?.kill('SIGTERM');
});

inBrowser('the page on a live playground', () => {
  test('a refused curl is explained, the suggested change is applied, and a real curl passes', async () => {
    // The playground makes a sandbox of its own, also within the sandbox of a test run.
    const env = { ...process.env, PORTCULLIS_SANDBOX: undefined, NODE_OPTIONS: undefined };
    play = spawn(process.execPath, ['src/cli/main.ts', 'play', 'demo/01-three-tiers', '--ui'], { cwd: ROOT, env });
    let out = '';
    let err = '';
    play.stdout?.on('data', (piece: Buffer) => (out += piece.toString()));
    play.stderr?.on('data', (piece: Buffer) => (err += piece.toString()));
    const link = await waitFor(
      'the link',
      120_000,
      () => Promise.resolve(/^(http:\S+)\n/.exec(out)?.[1]),
      () => err,
    );
    browser = await startBrowser();
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
    await page.goto(link);
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
    expect(err).toBe('');
  });

  test(
    'the stories of the demo go step by step, with real policies and real clients',
    async () => {
      const env = { ...process.env, PORTCULLIS_SANDBOX: undefined, NODE_OPTIONS: undefined };
      play = spawn(process.execPath, ['src/cli/main.ts', 'play', '--story', 'demo', '--ui'], { cwd: ROOT, env });
      let out = '';
      let err = '';
      play.stdout?.on('data', (piece: Buffer) => (out += piece.toString()));
      play.stderr?.on('data', (piece: Buffer) => (err += piece.toString()));
      const link = await waitFor(
        'the link',
        120_000,
        () => Promise.resolve(/^(http:\S+)\n/.exec(out)?.[1]),
        () => err,
      );
      browser = await startBrowser();
      const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
      await page.goto(link);
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
      expect(err).toBe('');
    },
    STORY_MS,
  );
});
