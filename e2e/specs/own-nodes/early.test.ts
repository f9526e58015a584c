import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { installAgent, installAgentWith } from '../../support/agent.ts';
import { pauseApiServer } from '../../support/api-server.ts';
import { type HammerPlace, startHammer } from '../../support/hammer.ts';
import { apply, get, kubectl } from '../../support/kubectl.ts';
import { nextAddresses, placeOf } from '../../support/sandboxes.ts';
import { DEFAULT_PORT, denyIngress, podObject } from '../../support/objects.ts';
import { closeNamespaces, type NodeView, openNamespaces, podIps, waitForPods, workers } from '../../support/stage.ts';

/** Isolated pods answer no client from their first moment on. */

const NAMESPACE = 'e2e-early';
const OPEN = 'e2e-early-open';

/** Fifty pods in all. */
const BATCHES = 5;
const CLOSED = 10;
/** The same number of pods that no policy selects: they show that an open pod would be found. */
const FREE = 2;

/** Addresses to send to, which are assigned in turn: a few more than pods, for other pods that start on the node. */
const AHEAD = CLOSED + FREE + 4;

/** A token comes from the API server: only a pod without one starts while the server is away. */
const WITHOUT_TOKEN = { automountServiceAccountToken: false };

const ENFORCED = 'portcullis.io/enforced';

let near: NodeView;
let places: readonly HammerPlace[];

beforeAll(async () => {
  const [first, second] = await workers();
  near = first;
  await openNamespaces(NAMESPACE, OPEN);
  const beside = { namespace: OPEN, name: 'beside' };
  const far = { namespace: OPEN, name: 'far' };
  await apply(
    denyIngress(NAMESPACE),
    podObject({ ...beside, node: first.name }),
    podObject({ ...far, node: second.name }),
  );
  await waitForPods(OPEN);
  places = [await placeOf(beside, first.name), await placeOf(far, second.name)];
});

afterAll(async () => {
  await installAgent();
  await kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', 'portcullis-pod-condition']);
  await kubectl(['delete', 'clusterrole,clusterrolebinding', 'portcullis-pod-condition']);
  await closeNamespaces(NAMESPACE, OPEN);
});

/** How long the API server is paused: pods start, and only the CNI results have their addresses. */
const SILENCE_MS = 9_000;

const PAUSES = [...Array.from({ length: BATCHES }, () => 0), SILENCE_MS];

test.each(PAUSES.map((pauseMs, batch) => ({ batch, pauseMs })))(
  'no new pod of an isolated namespace answers a single datagram, batch $batch, API server away for $pauseMs ms',
  async ({ batch, pauseMs }) => {
    const names = (kind: string, count: number): readonly string[] =>
      Array.from({ length: count }, (_, at) => `${kind}-${String(batch)}-${String(at)}`);
    const closed = names('closed', CLOSED).map((name) => ({ namespace: NAMESPACE, name }));
    const free = names('free', FREE).map((name) => ({ namespace: OPEN, name }));
    const ahead = await nextAddresses(near.name, AHEAD);

    const hammers = await Promise.all(places.map((place) => startHammer(place, DEFAULT_PORT, ahead)));
    await apply(...[...closed, ...free].map((pod) => podObject({ ...pod, node: near.name, spec: WITHOUT_TOKEN })));
    if (pauseMs > 0) await pauseApiServer(pauseMs);
    await waitForPods(NAMESPACE);
    await waitForPods(OPEN);
    // A running container may not serve yet; answers of these show that the hammers reach this batch.
    const open = free.map(({ name }) => name);
    await Promise.all(hammers.map((hammer) => hammer.untilHeard(open)));
    const found = await Promise.all(hammers.map((hammer) => hammer.stop()));

    const addresses = await Promise.all(closed.map(async (pod) => (await podIps(pod))[0]));
    expect(ahead).toEqual(expect.arrayContaining(addresses));
    for (const { answers, periodMs } of found) {
      console.log(`batch ${String(batch)}: a datagram every ${periodMs.toFixed(1)} ms`, Object.fromEntries(answers));
      expect([...answers.keys()].filter((name) => name.startsWith('closed-'))).toEqual([]);
      expect([...answers.keys()]).toEqual(expect.arrayContaining(open));
    }
    await kubectl(['-n', NAMESPACE, 'delete', 'pod', '--all', '--wait=false']);
    await kubectl(['-n', OPEN, 'delete', 'pod', '--wait=false', ...open]);
  },
);

interface PodView {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

test('a pod whose readiness waits for its policies becomes ready', async () => {
  await installAgentWith('pod-condition');
  const waiting = { namespace: NAMESPACE, name: 'waiting' };
  await apply(podObject({ ...waiting, node: near.name, spec: { readinessGates: [{ conditionType: ENFORCED }] } }));
  await kubectl(['-n', NAMESPACE, 'wait', '--for=condition=Ready', 'pod', waiting.name, '--timeout=120s']);
  const { status } = await get<PodView>('-n', NAMESPACE, 'pod', waiting.name);
  expect(status.conditions).toEqual(
    expect.arrayContaining([expect.objectContaining({ type: ENFORCED, status: 'True' })]),
  );
});
