import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chartDigest } from '../../scripts/manifests/chart-digest.ts';
import { PATHS, ROOT } from '../../scripts/manifests/paths.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { kustomized, type Manifest, overlayOf, readObjects, readText, renderedChart } from './objects.ts';
import { removeFolder } from '../support/clean-up.ts';

/** Labels that Helm's charts carry and plain manifests do not. */
const HELM_LABELS = ['app.kubernetes.io/managed-by', 'helm.sh/chart'];

/** Objects by kind and name, without what only Helm adds. */
const comparable = (text: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    readObjects(text).map((object: Manifest) => {
      const { labels = {}, ...metadata } = object.metadata;
      const ownLabels = Object.fromEntries(Object.entries(labels).filter(([name]) => !HELM_LABELS.includes(name)));
      return [`${object.kind}/${metadata.name}`, { ...object, metadata: { ...metadata, labels: ownLabels } }];
    }),
  );

test('manifests/portcullis.yaml is what manifests/base renders to: else run `npm run manifests`', async () => {
  expect(readText(PATHS.rendered)).toBe(await kustomized(PATHS.base));
});

test('the rendered charts are of this chart and these values: else run `npm run manifests`', async () => {
  expect(readText(PATHS.chartDigest).trim()).toBe(await chartDigest());
});

describe('the chart renders what kustomize does', () => {
  let manifests = '';

  beforeAll(async () => {
    manifests = await mkdtemp(path.join(tmpdir(), 'portcullis-manifests-'));
    await cp(path.join(ROOT, 'manifests'), manifests, { recursive: true });
  });

  afterAll(() => removeFolder(manifests));

  test.each([
    ['default', []],
    ['metrics', ['metrics']],
    ['pod-monitor', ['pod-monitor']],
    ['metrics-auth', ['metrics-auth']],
    ['pod-condition', ['pod-condition']],
    ['pod-monitor-auth', ['pod-monitor-auth']],
    ['cni-plugin', ['cni-plugin']],
    ['leases', ['leases']],
    ['controller', ['leases', 'controller']],
    ['startup-taint', ['leases', 'controller', 'startup-taint']],
    ['monitoring', ['alerts', 'dashboard']],
  ])('the chart renders the same with values %s as kustomize with components %j', async (values, components) => {
    const overlay = path.join(manifests, values);
    await mkdir(overlay);
    await writeFile(path.join(overlay, 'kustomization.yaml'), overlayOf(...components));
    expect(comparable(renderedChart(values))).toEqual(comparable(await kustomized(overlay)));
  });
});

test('every value of the chart reaches an object', () => {
  const text = renderedChart('everything');
  for (const value of [
    'registry.example/network/portcullis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    'imagePullPolicy: Always',
    'name: registry\n',
    'name: PORTCULLIS_LOG_FORMAT\n              value: "text"',
    'name: PORTCULLIS_LOG_LEVEL\n              value: "debug"',
    'name: PORTCULLIS_IPTABLES_BACKEND\n              value: "legacy"',
    'name: PORTCULLIS_IP_FAMILIES\n              value: "dual"',
    'name: PORTCULLIS_DRIFT_INTERVAL\n              value: "10s"',
    'name: PORTCULLIS_XTABLES_WAIT\n              value: "30"',
    'name: PORTCULLIS_NFLOG_GROUP\n              value: "65535"',
    'name: PORTCULLIS_POD_CONDITION\n              value: "gated"',
    "request.userInfo.username == 'system:serviceaccount:kube-system:network-policy'",
    'name: PORTCULLIS_LISTEN\n              value: "[$(PORTCULLIS_NODE_IP)]:19577"',
    'name: KUBERNETES_SERVICE_HOST\n              value: "api.example"',
    'name: KUBERNETES_SERVICE_PORT\n              value: "6443"',
    'containerPort: 19577',
    'hostPort: 19577',
    'prometheus.io/port: "19577"',
    'interval: 15s',
    'release: prometheus',
    'serviceAccountName: network-policy',
    'cpu: 2\n',
    'priorityClassName: system-cluster-critical',
    'key: node-role.kubernetes.io/control-plane',
    'example.com/enforce: "true"',
    'maxUnavailable: 10%',
    'example.com/note: agent',
    'example.com/tier: node',
    'type: spc_t',
    'path: /var/lib/other-cni/results',
    'secretName: other-tls',
    '--cni-deadline=45s',
    '--exempt-namespaces=first-to-start,kube-system',
    '--host-conf-dir=/var/lib/other-conf',
    'path: /var/lib/other-conf',
    '--host-bin-dir=/var/lib/other-bin',
    'path: /var/lib/other-bin',
    '--network-file=05-other.conflist',
    'name: PORTCULLIS_LEASE\n              value: $(PORTCULLIS_NAMESPACE)/portcullis',
    'replicas: 2\n',
    'cpu: 30m',
    'value: "example.com/enforce=true,kubernetes.io/os=linux"',
    'name: PORTCULLIS_STARTUP_TAINT\n              value: "on"',
  ]) {
    expect(text).toContain(value);
  }
  const accounts = readObjects(text).filter(({ kind }) => kind === 'ServiceAccount');
  expect(accounts.map(({ metadata }) => metadata.name)).toEqual([
    'portcullis-cni-plugin',
    'portcullis-controller',
    'portcullis-metrics-reader',
  ]);
});

test('the chart has every setting of the agent that a cluster can decide', () => {
  const schema = JSON.parse(readText(PATHS.chart, 'values.schema.json')) as {
    readonly properties: { readonly agent: { readonly properties: Readonly<Record<string, unknown>> } };
  };
  const connection = [
    'kubeconfig',
    'inCluster',
    'manifests',
    'nodeName',
    'cniResults',
    'cniSocket',
    'healthFile',
    'recordsDir',
    'statusSocket',
    'lease',
  ];
  const decidedByManifest = [...connection, 'listen', 'metricsAuth', 'tlsCert', 'tlsKey'];
  const settings = Object.keys(SETTINGS).filter((name) => !decidedByManifest.includes(name));
  expect(Object.keys(schema.properties.agent.properties).toSorted()).toEqual(settings.toSorted());
});

test.each([
  ['unknown-log-level', "'/agent/logLevel': value must be one of"],
  ['node-name', "additional properties 'nodeName' not allowed"],
  ['duration-without-unit', "'/agent/driftInterval': got number, want string"],
  ['digest-that-is-none', "'/image/digest': 'latest' does not match pattern"],
  ['port-out-of-range', "'/metrics/port': maximum: got 70,000, want 65,535"],
  ['pod-monitor-without-listener', "'/metrics/onNodeIP': value must be true"],
  ['tls-without-secret', "'/metrics/auth/tlsSecret'"],
  ['pod-condition-before-1.30', 'agent.podCondition needs Kubernetes 1.30'],
  ['leases-before-1.30', 'leases.enabled needs Kubernetes 1.30'],
  ['controller-before-1.30', 'controller.enabled needs Kubernetes 1.30'],
  ['controller-without-leases', "'/leases/enabled': value must be true"],
  ['unknown-value', "additional properties 'metric' not allowed"],
  ['cni-deadline-too-long', "'/cniPlugin/deadline': '5m' does not match pattern"],
  ['no-node-at-a-time', "'/updateStrategy/maxUnavailable'"],
])('the chart refuses %s and says where', (name, reason) => {
  expect(readText(PATHS.renderedCharts, `${name}.txt`)).toContain(reason);
});
