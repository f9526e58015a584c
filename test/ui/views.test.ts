import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { openState, type StagedServer, startBrowser, startStagedServer } from '../../scripts/page/browser.ts';
import { whyNoBrowser } from '../support/why-no-browser.ts';
import { gallery, type GalleryState } from '../../scripts/page/gallery.ts';

const why = whyNoBrowser();
if (why !== undefined) console.warn(`tests of the page are skipped: ${why}`);
const inBrowser = why === undefined ? describe : describe.skip;

/** All of them take minutes on a busy machine: `npm run ui:test`. */
const isAll = process.env['PORTCULLIS_UI_TESTS'] === 'all';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** WCAG 2.2, levels A and AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const STATES = new Map(gallery().map((state) => [state.name, state]));

const stateOf = (name: string): GalleryState => {
  const state = STATES.get(name);
  if (state === undefined) throw new Error(`the gallery has no ${name}`);
  return state;
};

const EDGE = `sel=${encodeURIComponent('refused|shop/web|data/postgres|TCP|5432')}`;
const VIEWS = ['', EDGE, 'sel=data%2Fpostgres', 'view=matrix', 'view=policies', 'view=time'];

let browser: Browser;
let server: StagedServer;
let page: Page;
let troubles: string[] = [];

const violations = async (): Promise<readonly string[]> => {
  await page.evaluate(AXE);
  const found = await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
  );
  return found as readonly string[];
};

const MOST_TABS = 80;

/** Presses Tab until the focus is on something with this text. */
const tabTo = async (text: RegExp): Promise<void> => {
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    await page.keyboard.press('Tab');
    if (text.test(String(await page.evaluate('document.activeElement?.textContent ?? ""')))) return;
  }
  throw new Error(`Tab does not lead to ${String(text)}`);
};

/** The map when it shows everything at the present scale. */
const SHARP = '.map canvas[data-sharp="true"]';

/** Returns the colours of a part of the map around a point, in pixels of the map. */
const pixels = async (x: number, y: number): Promise<readonly number[]> => {
  // As one text: an array of 40,000 numbers takes the protocol seconds.
  const text = await page.evaluate<string>(
    `document.querySelector('.map canvas').getContext('2d').getImageData(${Math.round(x) - 50}, ${Math.round(y) - 50}, 100, 100).data.join()`,
  );
  return text.split(',').map(Number);
};

/** Returns the share of colours that differ so much that somebody sees it. */
const shareOfOthers = (colours: readonly number[], others: readonly number[]): number =>
  colours.filter((value, at) => Math.abs(value - (others[at] ?? 0)) > 40).length / colours.length;

inBrowser('the page in a browser', () => {
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => browser.close());
  beforeEach(async () => {
    server = await startStagedServer();
    page = await browser.newPage({ viewport: { width: 1280, height: 760 }, reducedMotion: 'reduce' });
    troubles = [];
    page.on('pageerror', ({ message }) => troubles.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') troubles.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(`http://127.0.0.1:${server.port}/`) && !request.url().startsWith('data:'))
        troubles.push(request.url());
    });
    page.on('dialog', (dialog) => {
      troubles.push(dialog.message());
      void dialog.dismiss();
    });
  });
  afterEach(async () => {
    await page.close();
    server.close();
    expect(troubles).toEqual([]);
  });

  test.each(
    (['light', 'dark'] as const).flatMap((theme) =>
      (isAll ? VIEWS : [EDGE, 'view=policies']).map((view) => [theme, view] as const),
    ),
  )('axe finds no violation of WCAG 2.2 A or AA in the %s theme at ?%s', async (colorScheme, view) => {
    await page.emulateMedia({ colorScheme });
    await openState(page, server, stateOf('shop'), view);
    if (view === EDGE) await page.locator('.suggestion').first().waitFor();
    if (view === 'view=policies') {
      await page.getByRole('combobox').selectOption('data/only-api');
      await page.locator('.effects').waitFor();
    }
    expect(await violations()).toEqual([]);
  });

  test.each(isAll ? [...STATES.keys()] : ['empty', 'names', 'story', 'missing rights'])(
    'the state "%s" is shown without an error',
    async (name) => {
      await openState(page, server, stateOf(name));
      expect(await page.title()).toBe('Portcullis');
      expect(await violations()).toEqual([]);
    },
  );

  test('somebody sees what is refused, and the drawer names the part of the rule that fails', async () => {
    await openState(page, server, stateOf('shop'));
    await page.getByRole('button', { name: /Refused.*shop\/web.*data\/postgres/ }).click();
    const drawer = page.getByRole('complementary', { name: 'Connection' });
    await drawer.getByText('Refused: TCP 5432').waitFor();
    expect(await drawer.getByRole('listitem').filter({ hasText: 'pod label' }).textContent()).toContain('role=api');
    await drawer.getByText('Smallest change that allows it').waitFor();
    expect(await drawer.locator('pre').first().textContent()).toContain('kind: NetworkPolicy');
  });

  test('the keyboard alone finds a refusal, explains it and sees what the change would open', async () => {
    await openState(page, server, stateOf('shop'));
    await page.keyboard.press('/');
    await page.keyboard.type('postgres');
    const row = page.getByRole('button', { name: /Refused.*shop\/web/ });
    await row.waitFor();
    await tabTo(/^✕\s*shop\/web/);
    await page.keyboard.press('Enter');
    const see = page.getByRole('button', { name: 'See what it changes' }).first();
    await see.waitFor();
    await tabTo(/^See what it changes$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /Before you apply it: opens 1 pair/ }).waitFor();
  });

  test('a story says what its step does and how its connections ended', async () => {
    await openState(page, server, stateOf('story'));
    const story = page.getByRole('region', { name: 'Story' });
    await story.getByText('Step 2 of 2').waitFor();
    await story.getByText('The database accepts the API alone.').waitFor();
    expect(await story.getByRole('listitem').nth(1).textContent()).toMatch(/shop\/web.*timed out, as told/);
    expect(await story.getByRole('button', { name: 'Next step' }).isDisabled()).toBe(true);
    await story.getByRole('button', { name: 'Back' }).click();
    await story.getByRole('alert').getByText('only a playground applies changes').waitFor();
    troubles = troubles.filter((trouble) => !trouble.includes('405'));
  });

  test.each([
    ['silent node', /worker-2 does not answer/],
    ['clock skew', /3600 s ahead/],
    ['missing rights', /networkpolicies cannot be read/],
  ])('the state "%s" says what is missing without a click', async (name, text) => {
    await openState(page, server, stateOf(name));
    await page.getByText(text).waitFor();
  });

  test('arrow keys go from workload to workload on the map, and Enter opens one', async () => {
    await openState(page, server, stateOf('shop'));
    const map = page.getByRole('application', { name: /^Map of/ });
    await map.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'Workload' }).waitFor();
  });

  test('the map follows the pointer before it is painted again, and stays where it was put', async () => {
    await openState(page, server, stateOf('one namespace'));
    await page.locator(SHARP).waitFor();
    const map = page.getByRole('application', { name: /^Map of/ });
    const box = await map.boundingBox();
    if (box === null) throw new Error('the map is not there');
    const [x, y] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
    const before = await pixels(x - box.x, y - box.y);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 40, y + 30);
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const moved = await pixels(x - box.x + 40, y - box.y + 30);
    await page.mouse.up();
    await page.locator(SHARP).waitFor();
    const after = await pixels(x - box.x + 40, y - box.y + 30);
    expect(new Set(before).size).toBeGreaterThan(5);
    for (const each of [moved, after]) expect(shareOfOthers(each, before)).toBeLessThan(0.02);
  });

  test('a policy that is edited is checked, repaired, and shows what it would open and close', async () => {
    await openState(page, server, stateOf('shop'), 'view=policies');
    const list = page.getByRole('combobox');
    await list.selectOption('data/only-api');
    expect(await list.inputValue()).toBe('data/only-api');
    await list.selectOption('+');
    await page.getByRole('heading', { name: /Before you apply it/ }).waitFor();
    expect(await list.inputValue()).toBe('+');
    const text = page.getByRole('textbox', { name: 'YAML of the policy' });
    await text.click();
    await page.keyboard.press('Control+a');
    // Typed over a selection, Chromium writes the selection's look as inline style, which the page's policy blocks.
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(
      'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x, namespace: data}\nspec:\n  podSelectr: {}\n  podSelector: {}\n  policyTypes: [Ingress]\n',
    );
    await page.getByText('podSelectr').last().waitFor();
    expect(await list.inputValue()).toBe('');
    await page.getByText('Cuts connections that were seen').waitFor();
    await page.getByRole('listitem').filter({ hasText: 'shop/cart' }).filter({ hasText: 'seen 120 times' }).waitFor();
  });

  test('the matrix explains a cell, by keyboard', async () => {
    await openState(page, server, stateOf('shop'), 'view=matrix');
    await page.getByRole('application', { name: /^Matrix of/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText(/data\/postgres to data\/redis: refused at every port/).waitFor();
  });

  test('the matrix marks what differs from another state, and says it of a cell', async () => {
    await openState(page, server, stateOf('difference'), 'view=matrix');
    await page.getByText(/closes, \d+ pairs compared with before\//).waitFor();
    await page.getByRole('application', { name: /^Matrix of/ }).focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    await page.getByText(/Compared with before\/ it opens all/).waitFor();
  });

  test('an update arrives on the open page, and its link holds the view but no secret', async () => {
    await openState(page, server, stateOf('shop'));
    const { meta, entries } = stateOf('shop');
    server.publish(
      meta,
      entries.filter(({ kind }) => kind !== 'policy'),
    );
    await page.getByText('No policy isolates anything').waitFor();
    await page.getByLabel('Search').fill('web');
    await page.waitForURL(/\?q=web$/);
    expect(
      await page.evaluate(
        'Object.keys(localStorage).length + Object.keys(sessionStorage).length + document.cookie.length',
      ),
    ).toBe(0);
  });

  test('a link that was used says what to do', async () => {
    const link = server.link();
    await openState(page, server, stateOf('shop'));
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByText('Each link is good once').waitFor();
    troubles = troubles.filter((trouble) => !trouble.includes('401') && trouble !== 'about:blank');
  });

  test('a server that ends is reported, and the last state stays', async () => {
    await openState(page, server, stateOf('shop'));
    server.close();
    await page.getByText('The server does not answer').waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: /Refused.*shop\/web.*data\/postgres/ }).waitFor();
    troubles = troubles.filter((trouble) => !trouble.includes('ERR_'));
  });
});
