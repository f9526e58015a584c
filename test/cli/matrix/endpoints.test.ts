import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runVerbs } from '../../support/run-verbs.ts';

const STORE = join(relative(process.cwd(), import.meta.dirname), 'store.yaml');

const matrix = (...args: readonly string[]) => runVerbs('matrix', '-f', STORE, ...args);

interface Follow {
  readonly explanations: readonly { from: string; to: string; target: string; verdict: string }[];
}

/** Returns the verdict on each packet, one line each. */
const follow = async (...args: readonly string[]): Promise<readonly string[]> => {
  const { out, err, code } = await matrix('-o', 'json', ...args);
  if (out === '') return [`${code} ${err.trim()}`];
  return (JSON.parse(out) as Follow).explanations.map(
    ({ from, to, target, verdict }) => `${from} > ${to} ${target} ${verdict}`,
  );
};

const BOTH_API_PODS = [
  'front/web-5d8f-abcde > back/api-7c9-x1 TCP 8081 allow',
  'front/web-5d8f-abcde > back/api-7c9-x2 TCP 8081 allow',
];

describe('endpoints of matrix', () => {
  test.each([
    ['a URL', 'http://api.back'],
    ['a URL with a port and a path', 'http://api.back.svc.cluster.local:80/health?x=1'],
    ['a host with a port', 'api.back:80'],
    ['a ClusterIP with a port', '10.96.79.255:80'],
    ['an external address', '198.51.100.7:80'],
    ['the node port of any node', '192.0.2.2:30080'],
  ])('matrix resolves %s to the pods and ports behind the Service', async (_, to) => {
    expect(await follow('--from', 'front/web', '--to', to)).toEqual(BOTH_API_PODS);
  });

  test.each([
    ['a Service by kind and namespace', ['--to', 'svc/back/api']],
    ['a Service by kind, with -n', ['--to', 'svc/api', '-n', 'back']],
    ['a ClusterIP', ['--to', '10.96.79.255']],
  ])('matrix resolves %s with --port to the pods behind the Service', async (_, to) => {
    expect(await follow('--from', 'front/web', ...to, '--port', '80')).toEqual(BOTH_API_PODS);
  });

  test.each([
    ['a Deployment by the name of its pods’ ReplicaSet', 'back/api'],
    ['a Deployment by kind', 'deploy/back/api'],
  ])('matrix resolves %s to its live pods, without placeholder pods', async (_, to) => {
    expect(await follow('--from', 'deploy/front/web', '--to', to, '--port', '8081')).toEqual(BOTH_API_PODS);
  });

  test('matrix shows each pod of a live dump with Deployments and ReplicaSets once', async () => {
    const { out, err } = await matrix('-o', 'json', '--from', 'front/web', '--to', 'back/db-0');
    expect(err).toBe('');
    expect((JSON.parse(out) as { endpoints: readonly string[] }).endpoints).toEqual(['back/db-0', 'front/web']);
  });

  test('matrix looks up a bare name in the namespace of -n', async () => {
    expect(await follow('--from', 'api', '--to', 'db', '-n', 'back', '--port', '5432')).toEqual([
      'back/api-7c9-x1 > back/db-0 TCP 5432 allow',
      'back/api-7c9-x2 > back/db-0 TCP 5432 allow',
    ]);
  });

  test('matrix uses ready endpoints of EndpointSlices before the selector', async () => {
    expect(await follow('--from', 'front/web', '--to', 'postgres://db.back/shop')).toEqual([
      'front/web-5d8f-abcde > back/db-0 TCP 5432 deny',
    ]);
  });
});

describe('notes for the reader of matrix', () => {
  test('matrix notes that a port is the Service’s and not the pods’', async () => {
    const { err } = await matrix('--from', 'front/web', '--to', 'back/api', '--port', '80');
    expect(err).toBe(
      'note: TCP 80 is the port of Service back/api, whose pods listen on web: ask with --to svc/back/api, or with the port of the pods\n',
    );
  });

  test('matrix notes that an address belongs to no pod', async () => {
    const { err } = await matrix('--from', 'front/web', '--to', '10.96.0.99:443');
    expect(err).toBe(
      'note: 10.96.0.99 is no pod, Service or node of the input: it is judged as an address outside the cluster\n',
    );
  });

  test('matrix notes that a node port hides the source', async () => {
    const { err } = await matrix('--from', '203.0.113.7', '--to', '192.0.2.1:30080');
    expect(err).toBe(
      "note: through another node than the pod's own, the source is that node's address (externalTrafficPolicy Cluster)\n",
    );
  });

  test.each([
    ['http://api.back:8081', 'Service back/api does not serve TCP 8081; it serves TCP 80 (→ web, node port 30080)'],
    ['udp://api.back', 'udp://api.back: udp:// needs a port'],
    ['gopher://api.back', 'gopher://api.back: the scheme gopher is not known; use tcp://HOST:PORT or udp://HOST:PORT'],
    ['api.back:0', 'api.back:0: 0 is not a port from 1 to 65535'],
    [
      'back/nothing',
      'back/nothing is no pod, workload, Service, address or "outside" of the input; there are: back/api-7c9-x1, back/api-7c9-x2, back/db-0, front/web-5d8f-abcde, svc/back/api, svc/back/db',
    ],
  ])('matrix refuses --to %s with the reason', async (to, message) => {
    const { code, err } = await matrix('--from', 'front/web', '--to', to, '--expect', 'allowed');
    expect([code, err]).toEqual([2, `portcullis matrix: ${message}\n`]);
  });
});

describe('matrix --expect', () => {
  test.each([
    ['allowed', 'http://api.back', 0, ''],
    ['denied', 'postgres://db.back', 0, ''],
    ['allowed', 'postgres://db.back', 1, 'expected allowed: front/web-5d8f-abcde → back/db-0 TCP 5432 is not\n'],
  ])('matrix --expect %s of %s ends with %s', async (verdict, to, code, err) => {
    const result = await matrix('--from', 'front/web', '--to', to, '--expect', verdict);
    expect([result.code, result.err]).toEqual([code, err]);
  });

  test('matrix --expect takes the only port of a Service', async () => {
    expect((await matrix('--from', 'front/web', '--to', 'svc/back/api', '--expect', 'allowed')).code).toBe(0);
  });

  test('matrix --expect needs a port', async () => {
    const { code, err } = await matrix('--from', 'front/web', '--to', 'back/db-0', '--expect', 'denied');
    expect([code, err]).toEqual([2, expect.stringContaining('--expect needs a port')]);
  });
});
