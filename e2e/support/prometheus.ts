import { PROMETHEUS_IMAGE } from '../cluster/images/names.ts';
import { urlHost } from '../cluster/plan.ts';
import type { AgentPod } from './agent.ts';
import { apply, kubectl } from './kubectl.ts';
import type { PodRef } from './objects.ts';
import { waitForPods } from './stage.ts';

const PORT = 9090;

/** Returns the addresses in the prometheus.io annotations of pods, as the usual configuration reads them. */
export const annotatedTargets = (pods: readonly AgentPod[]): readonly string[] =>
  pods
    .filter(({ metadata }) => metadata.annotations?.['prometheus.io/scrape'] === 'true')
    .map(({ metadata, status }) => `${urlHost(status.podIP)}:${metadata.annotations?.['prometheus.io/port'] ?? ''}`);

/** Returns a static configuration, since Debian's Prometheus cannot read pods from the API server. JSON is YAML. */
const configText = (targets: readonly string[]): string =>
  JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'portcullis', static_configs: [{ targets }] }],
  });

/** Runs a Prometheus that scrapes `targets`, and waits until it answers. Its namespace must exist. */
export const startPrometheus = async ({ namespace, name }: PodRef, targets: readonly string[]): Promise<void> => {
  await apply(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name },
      data: { 'prometheus.yml': configText(targets) },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: 'prometheus',
            image: PROMETHEUS_IMAGE,
            args: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/data'],
            readinessProbe: { httpGet: { path: '/-/ready', port: PORT }, periodSeconds: 1 },
            volumeMounts: [
              { name: 'config', mountPath: '/etc/prometheus' },
              { name: 'data', mountPath: '/data' },
            ],
          },
        ],
        volumes: [
          { name: 'config', configMap: { name } },
          { name: 'data', emptyDir: {} },
        ],
      },
    },
  );
  await waitForPods(namespace);
};

/** An answer of the query API (v1) to an instant query. */
interface Answer {
  readonly data: { readonly result: readonly { readonly value: readonly [time: number, value: string] }[] };
}

/** Returns one number. @returns undefined while there is none @throws CommandError if the query is refused */
export const queryNumber = async ({ namespace, name }: PodRef, promql: string): Promise<number | undefined> => {
  const proxy = `/api/v1/namespaces/${namespace}/pods/${name}:${PORT}/proxy`;
  const text = await kubectl(['get', '--raw', `${proxy}/api/v1/query?query=${encodeURIComponent(promql)}`]);
  const value = (JSON.parse(text) as Answer).data.result[0]?.value[1];
  return value === undefined ? undefined : Number(value);
};
