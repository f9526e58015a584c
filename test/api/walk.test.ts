import { access, chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { runAgent, type RunningAgent } from '../../bench/agent/run-agent.ts';
import { CAST, FRIENDS_AND_FOES, FRIENDS_ONLY, NODE_ADDRESS, podOf, SERVED_PORT } from '../../bench/stage/cast.ts';
import { openStage, type Stage } from '../../bench/stage/stage.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { type RunningFiles, watchRunningFiles } from '../support/files-that-ran.ts';
import { waitFor } from '../support/wait-for.ts';

/**
 * How many files of src a reader has to follow from a change to the kernel, counted in an agent that runs from source.
 * Between a restore program and the agent stands a gate, so that the count ends when the agent has written the change.
 * PORTCULLIS_SHOW_WALK=1 prints the files.
 */

jest.setTimeout(240_000);

/** Numbers of files that may take part. They may only fall; the goals are 30 and 20. */
const MOST_FILES = { policy: 90, labels: 79 };
/** Of the listed files those that may be missing: they run beside the last text. */
const MOST_LATE = 2;

const ROOT = path.join(import.meta.dirname, '../..');
const INSPECTOR = `${NODE_ADDRESS}:9229`;
const RULE_PROGRAMS = ['iptables-nft-restore', 'ip6tables-nft-restore'];
const SET_PROGRAMS = ['ipset'];
/** After this time without a function of src, nothing runs that an earlier change or packet caused. */
const QUIET_MS = 400;
/** Timers and bookmarks of watches run now and then: only files that ran in each of this many walks count. */
const WALKS = 3;

let stage: Stage;
let agent: RunningAgent;
let files: RunningFiles;
let folder: string;

const gateOf = (program: string): string => path.join(folder, `${program}.gate`);
const waitingAt = (program: string): string => path.join(folder, `${program}.waiting`);

/** Puts a wrapper before each standing restore program; it holds text back while the program's gate is closed. */
const buildGates = async (): Promise<void> => {
  for (const program of [...RULE_PROGRAMS, ...SET_PROGRAMS]) {
    const file = path.join(folder, program);
    const standing = program === 'ipset' ? 'restore' : '--verbose';
    await writeFile(
      file,
      `#!/bin/bash
PATH=\${PATH#*:}
[[ " $* " == *${standing}* ]] || exec ${program} "$@"
while IFS= read -r line; do
  [ ! -e ${gateOf(program)} ] || : >${waitingAt(program)}
  while [ -e ${gateOf(program)} ]; do sleep 0.02; done
  printf '%s\\n' "$line"
done | ${program} "$@"
exit \${PIPESTATUS[1]}
`,
    );
    await chmod(file, 0o755);
  }
};

const closeGates = (programs: readonly string[]): Promise<unknown> =>
  Promise.all(programs.map((program) => writeFile(gateOf(program), '')));

const openGates = (programs: readonly string[]): Promise<unknown> =>
  Promise.all(
    programs.flatMap((program) => [gateOf(program), waitingAt(program)]).map((file) => rm(file, { force: true })),
  );

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

const probe = async (): Promise<string | undefined> => {
  agent.assertAlive();
  const { netns, ip } = CAST.client;
  const packet = { netns, protocol: 'UDP', from: ip, to: CAST.server.ip, port: SERVED_PORT, timeoutMs: 400 } as const;
  const [outcome] = await stage.prober.probe([packet]);
  return outcome;
};

const untilTraffic = (wanted: 'open' | 'timeout'): Promise<true> =>
  waitFor(`traffic to be ${wanted}`, 120_000, async () => (await probe()) === wanted || undefined);

const untilQuiet = async (): Promise<void> => {
  let ranAt = performance.now();
  let last: readonly string[] = [];
  const isQuiet = async (): Promise<true | undefined> => {
    const ran = await files.take();
    const now = performance.now();
    if (ran.length > 0) [ranAt, last] = [now, ran];
    return now - ranAt >= QUIET_MS || undefined;
  };
  await waitFor('the agent to be quiet', 60_000, isQuiet, () => last.join(', '));
};

interface Change {
  /** Makes the change, which opens traffic. */
  readonly make: () => Promise<unknown>;
  readonly undo: () => Promise<unknown>;
  /** The programs that take its last text. */
  readonly programs: readonly string[];
}

/** Returns the files that ran from a change until the agent has written its last text. */
const walkOnce = async ({ make, undo, programs }: Change): Promise<readonly string[]> => {
  await untilQuiet();
  await closeGates(programs);
  await make();
  await waitFor('the text of the change', 60_000, async () => {
    agent.assertAlive();
    const waits = await Promise.all(programs.map((program) => exists(waitingAt(program))));
    return waits.includes(true) || undefined;
  });
  const ran = await files.take();
  expect(await probe()).toBe('timeout');
  await openGates(programs);
  await untilTraffic('open');
  await undo();
  await untilTraffic('timeout');
  return ran;
};

const walk = async (change: Change): Promise<readonly string[]> => {
  let common = await walkOnce(change);
  for (let walks = 1; walks < WALKS; walks += 1) {
    const ran = new Set(await walkOnce(change));
    common = common.filter((file) => ran.has(file));
  }
  return common;
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-walk-'));
  await buildGates();
  stage = await openStage({ localPods: 2, pods: 20, policies: 5, namespaces: 2 }, () => undefined);
  const node = `${ROOT}/node_modules/node/bin/node --disable-warning=ExperimentalWarning --inspect=${INSPECTOR}`;
  const flags = `--node-name {node} --listen 0 --log-level error --drift-interval 1h --iptables-backend nft`;
  const command = `env PATH="${folder}:$PATH" ${node} ${ROOT}/src/cli/main.ts agent --kubeconfig {kubeconfig} ${flags}`;
  agent = await runAgent({ name: 'portcullis', command }, stage.place);
  await untilTraffic('timeout');
  files = await watchRunningFiles(INSPECTOR);
});

afterAll(async () => {
  await cleanUp(
    () => openGates([...RULE_PROGRAMS, ...SET_PROGRAMS]),
    () => files.close(),
    () => agent.stop(),
    () => stage.close(),
    () => removeFolder(folder),
  );
});

/** Returns the files of a section of ARCHITECTURE.md: `kernel/{kernel,companion}.ts` stands for two. */
const listed = async (heading: string): Promise<readonly string[]> => {
  const text = await readFile(path.join(ROOT, 'ARCHITECTURE.md'), 'utf8');
  const [section = ''] = (text.split(`\n### ${heading}\n`)[1] ?? '').split('\n#');
  return [...section.matchAll(/`([^`{]*)(?:\{([^}]*)\})?([^`]*\.ts)`/g)].flatMap(
    ([, before = '', names = '', after = '']) => names.split(',').map((name) => `src/${before}${name}${after}`),
  );
};

/** Compares the files that ran with a list of ARCHITECTURE.md. */
const expectListed = async (ran: readonly string[], heading: string): Promise<void> => {
  const files = await listed(heading);
  expect(ran.filter((file) => !files.includes(file))).toEqual([]);
  const late = files.filter((file) => !ran.includes(file));
  expect(late.slice(MOST_LATE)).toEqual([]);
};

const show = (name: string, ran: readonly string[]): void => {
  if (process.env['PORTCULLIS_SHOW_WALK'] === '1') console.log(`${name}: ${ran.length} files\n${ran.join('\n')}`);
};

const labelClient = (role: string): Promise<unknown> =>
  stage.api.admin.patch(podOf(CAST.client), { metadata: { labels: { role } } });

test('the label change of a remote pod reaches the kernel through the few files that ARCHITECTURE.md lists', async () => {
  const ran = await walk({
    make: () => labelClient('friend'),
    undo: () => labelClient('foe'),
    programs: SET_PROGRAMS,
  });
  show('label change', ran);
  expect(ran.length).toBeLessThanOrEqual(MOST_FILES.labels);
  await expectListed(ran, 'A label of a remote pod changes');
});

test('an edit of a policy reaches the kernel through the few files that ARCHITECTURE.md lists', async () => {
  const ran = await walk({
    make: () => stage.api.admin.patch(FRIENDS_ONLY, { spec: FRIENDS_AND_FOES.spec }),
    undo: () => stage.api.admin.patch(FRIENDS_ONLY, { spec: FRIENDS_ONLY.spec }),
    programs: RULE_PROGRAMS,
  });
  show('policy', ran);
  expect(ran.length).toBeLessThanOrEqual(MOST_FILES.policy);
  await expectListed(ran, 'A NetworkPolicy is edited');
});
