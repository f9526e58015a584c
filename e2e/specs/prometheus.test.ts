import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../cluster/until.ts';
import { agentPods, installAgent, waitForAgents } from '../support/agent.ts';
import { kubectl } from '../support/kubectl.ts';
import { annotatedTargets, queryNumber, startPrometheus } from '../support/prometheus.ts';
import { closeNamespaces, openNamespaces } from '../support/stage.ts';
import { openTrio } from '../support/trio.ts';

/** A real Prometheus scrapes the agents, and returns what they count. */

const NAMESPACE = 'e2e-prometheus';
const SUBJECTS = 'e2e-prometheus-subjects';
const PROMETHEUS = { namespace: NAMESPACE, name: 'prometheus' };

const KUSTOMIZATION = path.join(import.meta.dirname, '../prometheus');

/** Within this time each agent is scraped again. */
const SCRAPED_MS = 30_000;

const expectSoon = (promql: string, wanted: number): Promise<void> =>
  until(`${promql} is ${wanted}`, SCRAPED_MS, async () => (await queryNumber(PROMETHEUS, promql)) === wanted);

let nodes = 0;

beforeAll(async () => {
  nodes = (await kubectl(['get', 'nodes', '-o', 'name'])).trim().split('\n').length;
  await openNamespaces(NAMESPACE);
  await kubectl(['apply', '-k', KUSTOMIZATION]);
  await waitForAgents();
  await startPrometheus(PROMETHEUS, annotatedTargets(await agentPods()));
});

afterAll(async () => {
  await closeNamespaces(NAMESPACE, SUBJECTS);
  await installAgent();
});

test('Prometheus scrapes every agent', async () => {
  expect(annotatedTargets(await agentPods())).toHaveLength(nodes);
  await expectSoon('count(up{job="portcullis"} == 1)', nodes);
});

test('every agent has synced all three kinds, and its last sync succeeded', async () => {
  await expectSoon('count(portcullis_source_has_synced == 1)', 3 * nodes);
  await expectSoon('count(sum by (instance) (portcullis_syncs_total{result!="failed"}) > 0)', nodes);
});

test('the metrics count isolated pods', async () => {
  await openTrio(SUBJECTS);
  await expectSoon('sum(portcullis_isolated_pods{direction="ingress"})', 3);
  await expectSoon('sum(portcullis_isolated_pods{direction="egress"})', 0);
});
