import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import type { Timing } from '../../src/cluster/api/timing.ts';
import { createApiSource } from '../../src/cluster/api-source.ts';
import type { ClusterSource } from '../../src/cluster/source.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { type ApiFault, type ApiProxy, startApiProxy } from '../support/faults/api-proxy.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

jest.setTimeout(240_000);

let server: ApiServer;
let proxy: ApiProxy;
let folder: string;
let source: ClusterSource;
let troubles: string[];
let created: ObjectRef[];

beforeAll(async () => {
  server = await startTestApiServer();
});

afterAll(async () => {
  await server.stop();
});

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const state = (): string => JSON.stringify({ status: source.status(), troubles });
  await waitFor(what, 60_000, () => Promise.resolve(holds() || undefined), state);
};

const namesOf = (): readonly string[] => [...source.snapshot().pods.values()].map(({ name }) => name).sort();

const create = async (name: string): Promise<void> => {
  const ref = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'none' }] },
  };
  await server.admin.create(ref);
  created.push(ref);
};

const start = async (timing: Partial<Timing> = {}): Promise<void> => {
  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, proxy.kubeconfig);
  source = createApiSource({
    connect: () => connectByKubeconfig(kubeconfig),
    clock: createSystemClock(),
    random: Math.random,
    onTrouble(kind, trouble) {
      if (kind === 'pods' && trouble !== undefined) troubles.push(trouble);
    },
    timing: { backoffLimit: 500, ...timing },
  });
  source.start(() => undefined);
  await until('the first list', source.hasSynced);
};

const untilWell = (): Promise<void> => until('recovery', () => source.status().pods.trouble === undefined);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-faults-'));
  proxy = await startApiProxy(() => connectByKubeconfig(server.kubeconfigPath));
  troubles = [];
  created = [];
  await create('kept');
});

afterEach(async () => {
  await cleanUp(
    () => source.stop(),
    () => proxy.close(),
    () => Promise.all(created.map((ref) => server.admin.delete(ref))),
    () => removeFolder(folder),
  );
});

const REFUSALS: readonly (readonly [what: string, fault: ApiFault, told: RegExp])[] = [
  ['410 Gone', { kind: 'status', code: 410 }, /^410 Gone/],
  ['429 Too Many Requests', { kind: 'status', code: 429, headers: { 'Retry-After': '1' } }, /^429 Too Many Requests/],
  ['500', { kind: 'status', code: 500 }, /^500 Internal Server Error/],
  ['no JSON', { kind: 'garbage' }, /JSON/],
  ['a broken connection', { kind: 'reset' }, /the connection broke/],
];

describe('a real API server behind a proxy', () => {
  test.each(REFUSALS)(
    'the state stays while the API server answers everything with %s, and changes are learned later',
    async (_, fault, told) => {
      await start();
      proxy.fault = () => fault;
      proxy.cut();
      await until('the trouble to be reported', () => troubles.some((trouble) => told.test(trouble)));
      await create('new');
      expect(namesOf()).toEqual(['kept']);
      proxy.fault = () => undefined;
      await until('the new pod', () => namesOf().length === 2);
      await untilWell();
    },
  );

  test('the source finds changes by lists while every watch ends with 410 Gone', async () => {
    await start();
    proxy.fault = ({ isWatch }) => (isWatch ? { kind: 'error event', code: 410 } : undefined);
    proxy.cut();
    await until('the trouble to be reported', () => troubles.some((trouble) => trouble.startsWith('410 Gone')));
    await create('new');
    await until('the new pod', () => namesOf().length === 2);
    proxy.fault = () => undefined;
    await untilWell();
  });

  test('the source recovers from a list that breaks off', async () => {
    await start();
    // 410 makes it list again.
    proxy.fault = ({ isWatch }) => (isWatch ? { kind: 'status', code: 410 } : { kind: 'truncate', bytes: 200 });
    proxy.cut();
    await until('the trouble to be reported', () =>
      troubles.some((trouble) => /connection broke|aborted/.test(trouble)),
    );
    expect(namesOf()).toEqual(['kept']);
    proxy.fault = () => undefined;
    await create('new');
    await until('the new pod', () => namesOf().length === 2);
  });

  test('the source recovers from a proxy that passes on nothing', async () => {
    await start({ watchSeconds: [60, 60], watchOverrun: -59_000, watchSilence: 1_000, listSilence: 1_000 });
    proxy.stall();
    await until('the trouble to be reported', () =>
      troubles.some((trouble) => trouble.startsWith('nothing heard for')),
    );
    await create('new');
    expect(namesOf()).toEqual(['kept']);
    proxy.flow();
    await until('the new pod', () => namesOf().length === 2);
    await untilWell();
  });

  test('the source recovers from an API server that is down', async () => {
    await start();
    await proxy.down();
    await until('the trouble to be reported', () => troubles.some((trouble) => trouble.includes('ECONNREFUSED')));
    expect(namesOf()).toEqual(['kept']);
    await create('new');
    await proxy.up();
    await until('the new pod', () => namesOf().length === 2);
    await untilWell();
  });

  test('the source copes with a slow API server', async () => {
    proxy.fault = () => ({ kind: 'delay', ms: 3_000 });
    await start();
    await create('new');
    await until('the new pod', () => namesOf().length === 2);
    expect(troubles).toEqual([]);
  });
});
