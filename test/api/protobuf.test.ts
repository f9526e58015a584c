import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { createApiSource } from '../../src/cluster/api-source.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { asList, asObject, type RawObject } from '../../src/cluster/raw.ts';
import type { ClusterSource } from '../../src/cluster/source.ts';
import { podUid, trimPod } from '../../src/cluster/trim-pod.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';

/** Pods come in protobuf and with a field selector: both must equal JSON without one. */

jest.setTimeout(180_000);

let server: ApiServer;
let source: ClusterSource | undefined;

const pod = (name: string, spec: object, labels = {}): ObjectRef & Readonly<Record<string, unknown>> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, labels } as ObjectRef['metadata'],
  spec,
});

const RICH = pod(
  'rich',
  {
    nodeName: 'n1',
    hostNetwork: false,
    initContainers: [
      { name: 'once', image: 'i', ports: [{ name: 'never', containerPort: 1 }] },
      { name: 'sidecar', image: 'i', restartPolicy: 'Always', ports: [{ name: 'proxy', containerPort: 15_001 }] },
    ],
    containers: [
      {
        name: 'main',
        image: 'i',
        env: [{ name: 'A', value: 'grün' }],
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { containerPort: 65_535, protocol: 'SCTP' },
        ],
      },
    ],
  },
  { app: 'web', 'example.com/empty': '' },
);
const HOST = pod('host', {
  nodeName: 'n2',
  hostNetwork: true,
  containers: [{ name: 'main', image: 'i', ports: [{ containerPort: 9100, hostPort: 9100 }] }],
});
const BARE = pod('bare', { containers: [{ name: 'main', image: 'i' }] });
const STATUS = {
  phase: 'Running',
  podIP: '10.0.0.7',
  podIPs: [{ ip: '10.0.0.7' }, { ip: 'fd00::7' }],
  hostIP: '192.168.0.1',
  hostIPs: [{ ip: '192.168.0.1' }, { ip: 'fd00:1::1' }],
};

const intern = (text: string): string => text;

/** Returns the whole list in JSON. */
const expected = async (): Promise<ReadonlyMap<string, unknown>> => {
  const items = asList(asObject(await server.admin.get('/api/v1/pods'))['items']) as readonly RawObject[];
  return new Map(items.map((item) => [podUid(item) ?? '', trimPod(item, intern)] as const).filter(([, kept]) => kept));
};

const pods = (): ReadonlyMap<string, PodEndpoint> => source?.snapshot().pods ?? new Map<string, PodEndpoint>();

const names = (): readonly string[] => [...pods().values()].map(({ name }) => name).toSorted();

const untilNames = (...wanted: readonly string[]): Promise<true> =>
  waitFor(
    `the pods ${wanted.join(', ')}`,
    30_000,
    () => Promise.resolve(names().join() === wanted.join() || undefined),
    () => names().join(),
  );

const start = (): void => {
  source = createApiSource({
    connect: () => connectByKubeconfig(server.kubeconfigPath),
    clock: createSystemClock(),
    random: Math.random,
  });
  source.start(() => undefined);
};

beforeAll(async () => {
  server = await startTestApiServer();
});

afterEach(async () => {
  await source?.stop();
});

afterAll(async () => {
  await server.stop();
});

test('lists and watches in protobuf give the same objects as in JSON; a finished pod is gone in both', async () => {
  for (const each of [RICH, HOST, BARE]) await server.admin.create(each);
  await server.admin.patchStatus(RICH, STATUS);
  start();
  await untilNames('bare', 'host', 'rich');
  expect(pods()).toEqual(await expected());

  const late = pod('late', RICH['spec'] as object, { app: 'late' });
  await server.admin.create(late);
  await server.admin.patchStatus(late, STATUS);
  await server.admin.patch(HOST, { metadata: { labels: { role: 'host' } } });
  const settled = async (): Promise<true | undefined> =>
    isDeepStrictEqual(new Map(pods()), await expected()) || undefined;
  await waitFor('what JSON says', 60_000, settled, () => JSON.stringify([...pods().values()]));

  await server.admin.patchStatus(late, { phase: 'Succeeded' });
  await server.admin.patchStatus(RICH, { phase: 'Failed' });
  await untilNames('bare', 'host');
  expect(source?.status().pods).toMatchObject({ trouble: undefined, restarts: 0 });
  await source?.stop();

  start();
  await untilNames('bare', 'host');
  await server.admin.delete(HOST);
  await untilNames('bare');
});

test('the source reports the message of a refusal in protobuf', async () => {
  const told: string[] = [];
  const connection = await connectByKubeconfig(server.kubeconfigPath);
  source = createApiSource({
    connect: () =>
      Promise.resolve({
        server: connection.server,
        options: async () => ({ ...(await connection.options()), headers: {} }),
      }),
    clock: createSystemClock(),
    random: Math.random,
    onTrouble(kind, trouble) {
      if (kind === 'pods' && trouble !== undefined) told.push(trouble);
    },
  });
  source.start(() => undefined);
  expect(await waitFor('the refusal', 60_000, () => Promise.resolve(told[0]))).toMatch(
    /40[13].*forbidden|401.*Unauthorized/,
  );
  await source.stop();
});
