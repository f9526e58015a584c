import { describe, expect, test } from '@jest/globals';
import { chooseFamilies } from '../../../src/cli/play/families.ts';
import { namesOf } from '../../../src/cli/play/names.ts';
import { createNodeBook } from '../../../src/cli/play/nodes.ts';
import { createPlacePods } from '../../../src/cli/play/place-pods.ts';
import { readWorld } from '../../../src/cli/play/read-world.ts';
import { createResolveServices } from '../../../src/cli/play/services.ts';
import { loadManifests } from '../../../src/cluster/manifest/load-manifests.ts';
import { formatProblem } from '../../../src/cluster/manifest/place.ts';
import type { IpFamily } from '../../../src/model/family.ts';
import type { ClusterSnapshot } from '../../../src/model/snapshot.ts';

const NOTHING: ClusterSnapshot = { namespaces: new Map(), pods: new Map(), policies: new Map() };

const read = async (text: string, families: readonly IpFamily[] = ['ipv4']) => {
  const loaded = await loadManifests(['-'], { stdin: text });
  const place = createPlacePods(families, createNodeBook(families));
  return readWorld({ ...loaded, snapshot: place(loaded.snapshot, NOTHING) }, families, createResolveServices(families));
};

const pod = (name: string, spec: string, more = ''): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: shop, labels: {app: ${name}}}, spec: ${spec}${more}}\n`;

const slice = (name: string, body: string, labels = ''): string =>
  `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: ${name}${labels}}, ${body}}\n`;

const documents = (...texts: readonly string[]): string => texts.join('---\n');

describe('manifests', () => {
  test('pods of manifests get nodes, addresses and the addresses of their nodes', async () => {
    const { world } = await read(
      documents(
        pod('a', '{nodeName: worker, containers: []}'),
        pod('b', '{containers: []}'),
        pod('c', '{hostNetwork: true, containers: []}'),
      ),
      ['ipv4', 'ipv6'],
    );
    const placed = [...world.snapshot.pods.values()].map(({ name, node, ips, hostIPs }) => [name, node, ips, hostIPs]);
    const worker = ['172.18.0.2', 'fd00:172:18::2'];
    const node1 = ['172.18.0.3', 'fd00:172:18::3'];
    expect(placed).toEqual([
      ['a', 'worker', ['10.244.1.2', 'fd00:10:244:1::2'], worker],
      ['b', 'worker', ['10.244.1.3', 'fd00:10:244:1::3'], worker],
      ['c', 'node1', node1, node1],
    ]);
  });

  test('pods of manifests keep their written addresses of the chosen families', async () => {
    const { world } = await read(pod('a', '{containers: []}', ', status: {podIPs: [{ip: 10.0.0.9}, {ip: "fd00::9"}]}'));
    expect([...world.snapshot.pods.values()].map(({ ips }) => ips)).toEqual([['10.0.0.9']]);
  });

  test('EndpointSlices without a Service become machines outside', async () => {
    const { world, problems } = await read(
      documents(
        slice('office', 'endpoints: [{addresses: [172.17.0.5]}], ports: [{port: 80}, {port: 53, protocol: UDP}]'),
        slice('lan', 'endpoints: [{addresses: [10.0.0.1, 10.0.0.2]}, {addresses: ["fd00::1"]}]'),
        slice('web-x7', 'endpoints: [{addresses: [10.9.9.9]}]', ', labels: {kubernetes.io/service-name: web}'),
      ),
    );
    expect(problems).toEqual([]);
    expect(world.externals).toEqual([
      {
        name: 'office',
        ip: '172.17.0.5',
        ports: [
          { protocol: 'TCP', port: 80 },
          { protocol: 'UDP', port: 53 },
        ],
      },
      { name: 'lan/10.0.0.1', ip: '10.0.0.1', ports: [] },
      { name: 'lan/10.0.0.2', ip: '10.0.0.2', ports: [] },
    ]);
    expect(namesOf(world)).toEqual(new Map([['office', ['172.17.0.5']]]));
  });

  test('a wrong EndpointSlice is reported with its place', async () => {
    const { problems } = await read(
      documents(
        slice('bad', 'endpoints: [{addresses: [nowhere]}], ports: [{port: 0, protocol: ICMP}]'),
        slice('empty', 'endpoints: []'),
      ),
    );
    expect(problems.map(formatProblem)).toEqual([
      expect.stringContaining(': EndpointSlice bad: ports[0].protocol: is not one of TCP, UDP, SCTP'),
      expect.stringContaining(': EndpointSlice bad: ports[0].port: must be a whole number from 1 to 65535'),
      expect.stringContaining(': EndpointSlice bad: endpoints[0].addresses[0]: "nowhere" is not an IP address'),
      expect.stringContaining(': EndpointSlice bad: endpoints: has no address'),
      expect.stringContaining(': EndpointSlice empty: endpoints: has no address'),
    ]);
  });

  test('Services of manifests get addresses, names and the pods behind them', async () => {
    const service = (name: string, spec: string): string =>
      `{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: shop}, spec: ${spec}}\n`;
    const { world } = await read(
      documents(
        pod('web', '{containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}'),
        service('web', '{selector: {app: web}, ports: [{port: 80, targetPort: http}]}'),
        service('fixed', '{clusterIP: 10.96.0.11, selector: {app: none}, ports: [{port: 80}]}'),
        service('bare', '{clusterIP: None, selector: {app: web}, ports: [{port: 80}]}'),
      ),
    );
    expect(world.services.map(({ name, clusterIPs, ports }) => [name, clusterIPs, ports[0]?.endpoints])).toEqual([
      ['web', ['10.96.0.12'], [{ ip: '10.244.1.2', port: 8080 }]],
      ['fixed', ['10.96.0.11'], []],
      ['bare', [], [{ ip: '10.244.1.2', port: 80 }]],
    ]);
    const names = namesOf(world);
    expect(names.get('web.shop')).toEqual(['10.96.0.12']);
    expect(names.get('web.shop.svc.cluster.local')).toEqual(['10.96.0.12']);
    expect(names.get('bare.shop.svc')).toEqual(['10.244.1.2']);
  });
});

test('the families are those of the written addresses, or the requested ones', async () => {
  const loaded = (text: string) => loadManifests(['-'], { stdin: text });
  const v6 = slice('office', 'endpoints: [{addresses: ["fd00::5"]}]');
  const v4 = pod('a', '{containers: []}', ', status: {podIP: 10.0.0.9}');
  expect(chooseFamilies('auto', await loaded(pod('a', '{containers: []}')))).toEqual(['ipv4']);
  expect(chooseFamilies('auto', await loaded(v6))).toEqual(['ipv6']);
  expect(chooseFamilies('auto', await loaded(documents(v6, v4)))).toEqual(['ipv4', 'ipv6']);
  expect(chooseFamilies('dual', await loaded(v4))).toEqual(['ipv4', 'ipv6']);
  expect(chooseFamilies('ipv6', await loaded(v4))).toEqual(['ipv6']);
});
