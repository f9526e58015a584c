import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../cluster/until.ts';
import { installAgent, waitForAgents } from '../support/agent.ts';
import { kubectl } from '../support/kubectl.ts';
import { closeNamespaces, waitForPods } from '../support/stage.ts';
import { openTrio } from '../support/trio.ts';

/** A Prometheus finds the agents by their annotations, and tells what they count. */

const NAMESPACE = 'e2e-prometheus';
const SUBJECTS = 'e2e-prometheus-subjects';

const KUSTOMIZATION = path.join(import.meta.dirname, '../prometheus');

/** Within this, each agent was found and scraped. */
const SCRAPED_MS = 30_000;

/** An answer of the query API to an instant query that gives one number. */
interface Answer {
  readonly status: string;
  readonly data: { readonly result: readonly { readonly value: readonly [time: number, value: string] }[] };
}

/** @returns the number, or undefined while there is none */
const query = async (promql: string): Promise<number | undefined> => {
  const proxy = `/api/v1/namespaces/${NAMESPACE}/pods/prometheus:9090/proxy`;
  const text = await kubectl(['get', '--raw', `${proxy}/api/v1/query?query=${encodeURIComponent(promql)}`]);
  const { status, data } = JSON.parse(text) as Answer;
  expect(status).toBe('success');
  const value = data.result[0]?.value[1];
  return value === undefined ? undefined : Number(value);
};

const expectSoon = (promql: string, wanted: number): Promise<void> =>
  until(`${promql} is ${wanted}`, SCRAPED_MS, async () => (await query(promql)) === wanted);

let nodes = 0;

beforeAll(async () => {
  nodes = (await kubectl(['get', 'nodes', '-o', 'name'])).trim().split('\n').length;
  await kubectl(['delete', 'namespace', '--ignore-not-found', NAMESPACE]);
  await kubectl(['apply', '-k', KUSTOMIZATION]);
  await waitForAgents();
  await waitForPods(NAMESPACE);
});

afterAll(async () => {
  await kubectl(['delete', 'clusterrole,clusterrolebinding', '--ignore-not-found', 'e2e-prometheus']);
  await closeNamespaces(NAMESPACE, SUBJECTS);
  await installAgent();
});

test('every agent is scraped', () => expectSoon('count(up{job="pods"} == 1)', nodes));

test('every agent has heard of all three kinds, and its last sync succeeded', async () => {
  await expectSoon('count(portcullis_source_synced == 1)', 3 * nodes);
  await expectSoon('count(sum by (node) (portcullis_syncs_total{result!="failed"}) > 0)', nodes);
});

test('isolated pods are counted', async () => {
  await openTrio(SUBJECTS);
  await expectSoon('sum(portcullis_isolated_pods{direction="ingress"})', 3);
  await expectSoon('sum(portcullis_isolated_pods{direction="egress"})', 0);
});
