import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { createEventRecorder, type EventRecorder } from '../../src/cluster/events/event-recorder.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { EventOutcome, OperatorEvent } from '../../src/model/operator-event.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { kubectlPath } from '../manifests/objects.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** Events on a real API server, and as kubectl shows them. */

jest.setTimeout(180_000);

const AGENT = { token: 'agent', user: 'agent', groups: [] };
const STRANGER = { token: 'stranger', user: 'stranger', groups: [] };
const DEADLINE_MS = 60_000;
const NODE = 'n1';

const TAMPERED: OperatorEvent = {
  type: 'Warning',
  reason: 'RulesChangedByOthers',
  action: 'Repair',
  note: 'found and repaired: sets are gone: portcullis-4-x (ipv4)',
};
const INVALID: OperatorEvent = {
  policy: policyKey('shop', 'web'),
  type: 'Warning',
  reason: 'InvalidPolicy',
  action: 'Compile',
  note: 'spec.ingress[0].from: is not a list',
};

let server: ApiServer;
let folder: string;
let kubectl: (...args: readonly string[]) => Promise<string>;
let recorders: EventRecorder[];
let outcomes: EventOutcome[];
let troubles: (string | undefined)[];

/** Repetitions are sent together once a minute; here a hundred times as often. */
const fastClock = (): Clock => {
  const clock = createSystemClock();
  return { ...clock, after: (ms, callback) => clock.after(ms > 300_000 ? ms : ms / 100, callback) };
};

const record = (token = AGENT.token, node = NODE): EventRecorder => {
  const recorder = createEventRecorder({
    connect: () =>
      Promise.resolve({
        server: server.url,
        options: () => Promise.resolve({ ca: server.ca, headers: { Authorization: `Bearer ${token}` } }),
      }),
    node,
    clock: fastClock(),
    random: () => 0,
    onOutcome: (outcome) => outcomes.push(outcome),
    onTrouble: (trouble) => troubles.push(trouble),
  });
  recorders.push(recorder);
  return recorder;
};

const untilSent = (recorder: EventRecorder): Promise<true> =>
  waitFor(
    'the events to be sent',
    DEADLINE_MS,
    () => Promise.resolve(recorder.status().waiting === 0 || undefined),
    () => JSON.stringify([recorder.status(), outcomes, troubles]),
  );

const tell = async (recorder: EventRecorder, event: OperatorEvent): Promise<void> => {
  recorder.tell(event);
  await untilSent(recorder);
};

beforeAll(async () => {
  server = await startTestApiServer({ tokens: [AGENT, STRANGER] });
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-events-'));
  const program = await kubectlPath();
  const { run } = createCommandRunner();
  const common = [`--kubeconfig=${server.kubeconfigPath}`, `--cache-dir=${path.join(folder, 'cache')}`];
  kubectl = (...args) => run(program, [...common, ...args]);
  await waitFor('the namespace default', DEADLINE_MS, () =>
    server.admin.get('/api/v1/namespaces/default').catch(() => undefined),
  );
  await kubectl('create', 'namespace', 'shop');
  await server.admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: NODE } });
  await kubectl('create', 'clusterrole', 'events', '--verb=create,patch', '--resource=events.events.k8s.io');
  await kubectl('create', 'clusterrolebinding', 'events', '--clusterrole=events', '--user=agent');
});

afterAll(async () => {
  await cleanUp(
    () => server.stop(),
    () => removeFolder(folder),
  );
});

beforeEach(() => {
  [recorders, outcomes, troubles] = [[], [], []];
});

afterEach(async () => {
  for (const recorder of recorders) await recorder.stop();
  await kubectl('delete', 'events', '--all', '--all-namespaces');
});

test('kubectl describe node shows what happened to the node, and how often', async () => {
  const recorder = record();
  await tell(recorder, TAMPERED);
  expect(await kubectl('describe', 'node', NODE)).toMatch(
    /Warning\s+RulesChangedByOthers\s+\d+s\s+portcullis\.io\/agent\s+found and repaired: sets are gone/,
  );
  recorder.tell(TAMPERED);
  await tell(recorder, TAMPERED);
  expect(await kubectl('describe', 'node', NODE)).toMatch(/RulesChangedByOthers\s+\d+s \(x3 over \d+s\)\s+portcullis/);
  expect([outcomes, troubles]).toEqual([['posted', 'repeated'], []]);
});

test('an agent that restarts continues the existing series of an Event', async () => {
  await tell(record(), TAMPERED);
  await tell(record(), TAMPERED);
  expect(await kubectl('get', 'events', '-o', 'jsonpath={.items[*].series.count}')).toBe('2');
  expect([outcomes, troubles]).toEqual([['posted', 'repeated'], []]);
});

test('kubectl events shows a policy’s fault once, however many agents report it', async () => {
  await tell(record(), INVALID);
  await tell(record(AGENT.token, 'n2'), INVALID);
  const [, ...lines] = (await kubectl('events', '-n', 'shop', '--for=networkpolicy/web')).trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/Warning\s+InvalidPolicy\s+NetworkPolicy\/web\s+spec\.ingress\[0\]\.from: is not a list/);
  expect([outcomes, troubles]).toEqual([['posted', 'known'], []]);
});

test('an agent posts an Event again once the API server has forgotten it', async () => {
  const recorder = record();
  await tell(recorder, TAMPERED);
  await kubectl('delete', 'events', '--all');
  await tell(recorder, TAMPERED);
  expect(await kubectl('get', 'events', '--no-headers')).toMatch(/Warning\s+RulesChangedByOthers\s+node\/n1/);
  expect(outcomes).toEqual(['posted', 'posted']);
});

test('a missing right for Events causes one message that says what to grant', async () => {
  const recorder = record(STRANGER.token);
  recorder.tell(TAMPERED);
  await tell(recorder, INVALID);
  expect(troubles).toEqual([
    expect.stringMatching(/^403 Forbidden: .*grant create and patch on events in events\.k8s\.io$/),
  ]);
  expect(outcomes).toEqual(['dropped', 'dropped']);
});

test('the API server accepts the longest and strangest names and notes of Events', async () => {
  const node = `${'a'.repeat(240)}.b`;
  await tell(record(AGENT.token, node), { ...TAMPERED, note: `\u001b[31m${'ü\n'.repeat(3000)}` });
  expect([outcomes, troubles]).toEqual([['posted'], []]);
});
