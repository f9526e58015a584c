import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Command } from 'commander';
import type { Page } from 'playwright-core';
import { openState, type StagedServer, startBrowser, startStagedServer } from '../scripts/page/browser.ts';
import { manyWorkloads } from '../scripts/page/gallery.ts';
import { positive } from '../scripts/positive.ts';
import { createCommandRunner } from '../src/kernel/command.ts';
import { describeMachine } from './report/machine.ts';
import { quantile } from './report/statistics.ts';

/** `npm run bench:ui`: see its --help. */

const root = path.join(import.meta.dirname, '..');
const META = { title: 'bench', mode: 'cluster', observes: true } as const;
const NAMESPACES = 25;
const UPDATE_SECONDS = 10;
const UPDATES_A_SECOND = 5;
const MOVES = 120;

interface Row {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  readonly goal: number;
  readonly isLeast?: true;
}

const { workloads, edges } = new Command('npm run bench:ui --')
  .description('Measures the page in headless Chromium without a GPU, and writes bench/results/ui/ui.md.')
  .option('--workloads <N>', 'workloads in the cluster', positive, 500)
  .option('--edges <N>', 'connections that were seen', positive, 3_000)
  .parse()
  .opts<{ workloads: number; edges: number }>();

/** Sizes of the parts of the page, in KB (1,000 bytes) gzipped. */
const sizes = async (): Promise<readonly Row[]> => {
  const folder = path.join(root, 'dist/page');
  const kilobytes = async (names: readonly string[]): Promise<number> => {
    const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name))));
    return texts.reduce((sum, text) => sum + gzipSync(text).length, 0) / 1_000;
  };
  const names = (await readdir(folder)).filter((name) => /\.(?:html|js|css)$/.test(name));
  const isLater = (name: string): boolean => name.startsWith('editor-') || name === 'worker.js';
  return [
    {
      what: 'first paint: page, style, painter and shared chunks, gzipped',
      measured: await kilobytes(names.filter((name) => !isLater(name))),
      unit: 'KB',
      goal: 90,
    },
    {
      what: 'worker: evaluator, checks and YAML, gzipped',
      measured: await kilobytes(['worker.js']),
      unit: 'KB',
      goal: 120,
    },
  ];
};

/** The map when it shows everything at the present scale. */
const SHARP = '.map canvas[data-sharp="true"]';

/** Time from the start of the navigation, in ms. */
const opening = async (page: Page, server: StagedServer): Promise<readonly Row[]> => {
  await openState(page, server, { meta: META, entries: manyWorkloads(workloads, edges, NAMESPACES) });
  await page.locator(SHARP).waitFor({ timeout: 60_000 });
  const ready = await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))',
  );
  const paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN");
  return [
    { what: 'first paint', measured: Number(paint), unit: 'ms', goal: 1_000 },
    { what: 'map drawn and ready for input', measured: Number(ready), unit: 'ms', goal: 2_000 },
  ];
};

/** Starts to note the times of frames and of tasks that keep the page busy for over 50 ms. */
const WATCH = `
  globalThis.frames = []; globalThis.tasks = [];
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) globalThis.tasks.push(duration); }).observe({ type: 'longtask' });
  const next = (at) => { globalThis.frames.push(at); requestAnimationFrame(next); };
  requestAnimationFrame(next);
`;

/** Moves the map by pointer and wheel, and returns the median rate of frames. */
const moving = async (page: Page): Promise<readonly Row[]> => {
  const map = page.getByRole('application', { name: /^Map of/ });
  const box = await map.boundingBox();
  if (box === null) throw new Error('the map is not there');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  // As somebody looks at it: near enough to see workloads and every connection.
  await page.mouse.move(x, y);
  for (let step = 0; step < 6; step += 1) await page.mouse.wheel(0, -80);
  await page.evaluate('globalThis.frames.length = 0');
  await page.mouse.down();
  for (let step = 0; step < MOVES; step += 1)
    await page.mouse.move(x + Math.sin(step / 9) * 150, y + Math.cos(step / 7) * 90);
  await page.mouse.up();
  for (let step = 0; step < MOVES / 2; step += 1) await page.mouse.wheel(0, step % 20 < 10 ? -30 : 30);
  const times = await page.evaluate<readonly number[]>('globalThis.frames');
  const stoodAt = performance.now();
  await page.locator(SHARP).waitFor({ timeout: 60_000 });
  const sharpMs = performance.now() - stoodAt;
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? at));
  return [
    {
      what: 'frames a second while panning and zooming, median',
      measured: 1_000 / quantile(gaps, 0.5),
      unit: '/s',
      goal: 30,
      isLeast: true,
    },
    { what: 'map sharp again after the last movement', measured: sharpMs, unit: 'ms', goal: 1_000 },
  ];
};

/** Changes 200 edges a second, and returns the longest task of the page's main thread. */
const updating = async (page: Page, server: StagedServer): Promise<readonly Row[]> => {
  const entries = [...manyWorkloads(workloads, edges, NAMESPACES)];
  const seen = entries.flatMap((entry, at) => (entry.kind === 'seen' ? [at] : []));
  await page.evaluate('globalThis.tasks.length = 0');
  const startedAt = performance.now();
  let turn = 0;
  while (performance.now() - startedAt < UPDATE_SECONDS * 1_000) {
    for (let change = 0; change < 200 / UPDATES_A_SECOND; change += 1) {
      const at = seen[(turn * 40 + change) % seen.length] ?? 0;
      const entry = entries[at];
      if (entry?.kind === 'seen') entries[at] = { ...entry, count: entry.count + 1, last: Date.now() };
    }
    server.publish(META, entries);
    turn += 1;
    const wait = startedAt + (turn * 1_000) / UPDATES_A_SECOND - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)));
  }
  const tasks = await page.evaluate<readonly number[]>('globalThis.tasks');
  return [{ what: 'longest task during 200 updates a second', measured: Math.max(0, ...tasks), unit: 'ms', goal: 100 }];
};

const isMet = ({ measured, goal, isLeast }: Row): boolean => (isLeast === true ? measured >= goal : measured <= goal);

const [load = 0] = loadavg();
const machine = await describeMachine(createCommandRunner());
const browser = await startBrowser();
const server = await startStagedServer();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 } });
  const rows = [...(await sizes()), ...(await opening(page, server))];
  await page.evaluate(WATCH);
  rows.push(...(await moving(page)), ...(await updating(page, server)));
  const lines = rows.map(
    (row) =>
      `| ${row.what} | ${row.measured.toFixed(0)} ${row.unit} | ${row.isLeast === true ? 'at least' : 'up to'} ${row.goal} ${row.unit} | ${isMet(row) ? 'yes' : 'no'} |`,
  );
  const text = [
    '# The page',
    '',
    `${workloads} workloads in ${NAMESPACES} namespaces, ${edges} connections; Chromium ${browser.version()}, headless, without a GPU.`,
    `Machine: ${JSON.stringify(machine)}; load average at the start ${load.toFixed(1)}: above the number of cores, times are too long.`,
    '',
    '| | measured | goal | met |',
    '|---|---:|---:|---|',
    ...lines,
    '',
  ].join('\n');
  const folder = path.join(root, 'bench/results/ui');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'ui.md'), text);
  console.log(text);
  if (!rows.every(isMet)) process.exitCode = 1;
} finally {
  await browser.close();
  server.close();
}
