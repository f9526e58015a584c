import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { kernelCounts } from '../../bench/agent/kernel-counts.ts';
import { runAgent, type RunningAgent } from '../../bench/agent/run-agent.ts';
import { apiLoad, type ApiLoad } from '../../bench/stage/api-load.ts';
import { CAST, FRIENDS_AND_FOES, FRIENDS_ONLY, podOf, SERVED_PORT } from '../../bench/stage/cast.ts';
import { openStage, type Stage } from '../../bench/stage/stage.ts';
import { SIZES } from '../../bench/state/size.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** What an agent costs in state S, in counts that no busy machine changes: `npm run bench` has the times. */

jest.setTimeout(240_000);

const ROOT = path.join(import.meta.dirname, '../..');
const PROGRAMS = [
  'ipset',
  'conntrack',
  ...['iptables', 'ip6tables'].flatMap((name) => [`${name}-nft-save`, `${name}-nft-restore`]),
];

let stage: Stage;
let agent: RunningAgent;
let folder: string;
let before: ApiLoad;
let atRest: ApiLoad;

/** Returns the programs that the agent has run since the last call. */
const programsRun = async (): Promise<Readonly<Record<string, number>>> => {
  const log = path.join(folder, 'log');
  const lines = (await readFile(log, 'utf8'))
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  await writeFile(log, '');
  return Object.fromEntries([...Map.groupBy(lines, (line) => line)].map(([name, runs]) => [name, runs.length]));
};

/** A wrapper before each program in the PATH that records each run. */
const watchPrograms = async (): Promise<void> => {
  await writeFile(path.join(folder, 'log'), '');
  for (const name of PROGRAMS) {
    const file = path.join(folder, name);
    const search = `PATH=\${PATH#*:}`;
    await writeFile(file, `#!/bin/sh\necho ${name} >>${folder}/log\n${search}\nexec ${name} "$@"\n`);
    await chmod(file, 0o755);
  }
};

const untilTraffic = (wanted: 'open' | 'timeout'): Promise<true> =>
  waitFor(`traffic to be ${wanted}`, 120_000, async () => {
    agent.assertAlive();
    const { netns, ip } = CAST.client;
    const probe = { netns, protocol: 'UDP', from: ip, to: CAST.server.ip, port: SERVED_PORT, timeoutMs: 400 } as const;
    const [outcome] = await stage.prober.probe([probe]);
    return outcome === wanted || undefined;
  });

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-costs-'));
  await watchPrograms();
  stage = await openStage(SIZES.S, () => undefined);
  before = await apiLoad(stage.api.admin, stage.node);
  const flags = `--node-name {node} --listen 0 --log-level error --drift-interval 1h --iptables-backend nft`;
  const command = `env PATH="${folder}:$PATH" ${ROOT}/bin/portcullis agent --kubeconfig {kubeconfig} ${flags}`;
  agent = await runAgent({ name: 'portcullis', command }, stage.place);
  await untilTraffic('timeout');
  await waitFor('the watches', 60_000, async () => {
    const { watches } = await apiLoad(stage.api.admin, stage.node);
    return watches - before.watches >= 3 || undefined;
  });
  const after = await apiLoad(stage.api.admin, stage.node);
  atRest = { ...after, lists: after.lists - before.lists, watches: after.watches - before.watches };
});

afterAll(async () => {
  await cleanUp(
    () => agent.stop(),
    () => stage.close(),
    () => removeFolder(folder),
  );
});

/** @returns the counts above their limit, which should be none */
const moreThan = (
  limits: Readonly<Record<string, number>>,
  runs: Readonly<Record<string, number>>,
): readonly string[] =>
  Object.entries(runs)
    .filter(([name, count]) => count > (limits[name] ?? 0))
    .map(([name, count]) => `${name}: ${count}`);

test('a starting agent requests each kind once, pods in one piece, and watches each kind once', () => {
  expect(atRest).toMatchObject({ lists: 3, watches: 3 });
});

test('a starting agent reads each table that it uses up to twice, no other table, and writes once', async () => {
  const ofEach = {
    // One to list the security and raw tables, and a standing one for later changes. On a busy machine a second pass finds
    // the first programs still starting, and starts its own.
    'iptables-nft-restore': 8,
    'ip6tables-nft-restore': 8,
  };
  expect(moreThan({ ...ofEach, ipset: 8, conntrack: 3 }, await programsRun())).toEqual([]);
});

test('the numbers of rules, chains, sets and members stay low', async () => {
  const counts = await kernelCounts(stage.node);
  expect(moreThan({ rules: 260, chains: 60, sets: 34, members: 840 }, counts)).toEqual([]);
});

test('a change of membership and its reversal start only programs that read live connections', async () => {
  await programsRun();
  for (const [role, outcome] of [
    ['friend', 'open'],
    ['foe', 'timeout'],
  ] as const) {
    await stage.api.admin.patch(podOf(CAST.client), { metadata: { labels: { role } } });
    await untilTraffic(outcome);
  }
  expect(moreThan({ conntrack: 6 }, await programsRun())).toEqual([]);
});

test('a change of a policy and its reversal start only programs that read live connections, unless the restore program is busy', async () => {
  await programsRun();
  for (const [{ spec }, outcome] of [
    [FRIENDS_AND_FOES, 'open'],
    [FRIENDS_ONLY, 'timeout'],
  ] as const) {
    await stage.api.admin.patch(FRIENDS_ONLY, { spec });
    await untilTraffic(outcome);
  }
  expect(moreThan({ conntrack: 8, ipset: 2 }, await programsRun())).toEqual([]);
});

test('the API server got no other requests', async () => {
  const { lists, watches } = await apiLoad(stage.api.admin, stage.node);
  expect([lists, watches]).toEqual([before.lists + atRest.lists, before.watches + atRest.watches]);
});
