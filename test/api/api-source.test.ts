import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type ApiSourceDeps, createApiSource } from '../../src/cluster/api-source.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import type { ClusterSource } from '../../src/cluster/source.ts';
import type { ClusterChange } from '../../src/model/cluster-change.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { cleanUp } from '../support/clean-up.ts';

// A restart of the server takes seconds, on a busy machine more.
jest.setTimeout(180_000);

const NOBODY = { token: 'nobody', user: 'nobody', groups: [] };

let server: ApiServer;
let source: ClusterSource | undefined;
let changes: ClusterChange[] = [];
let troubles: string[] = [];
let created: ObjectRef[] = [];

beforeAll(async () => {
  server = await startTestApiServer({ tokens: [NOBODY] });
});

afterAll(async () => {
  await server.stop();
});

beforeEach(() => {
  changes = [];
  troubles = [];
  created = [];
});

afterEach(async () => {
  await cleanUp(
    () => source?.stop(),
    () => Promise.all(created.map((ref) => server.admin.delete(ref).catch(() => undefined))),
  );
});

const start = (settings: Partial<ApiSourceDeps> = {}): ClusterSource => {
  source = createApiSource({
    connect: () => connectByKubeconfig(server.kubeconfigPath),
    clock: createSystemClock(),
    random: Math.random,
    onTrouble(kind, trouble) {
      if (trouble !== undefined) troubles.push(`${kind}: ${trouble}`);
    },
    ...settings,
  });
  source.start((change) => changes.push(change));
  return source;
};

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const state = (): string => JSON.stringify({ status: source?.status(), changes, troubles });
  await waitFor(what, 60_000, () => Promise.resolve(holds() || undefined), state);
};

const synced = async (settings: Partial<ApiSourceDeps> = {}): Promise<ClusterSource> => {
  const started = start(settings);
  await until('the first list', started.hasSynced);
  return started;
};

const podRef = (name: string, labels: Readonly<Record<string, string>> = {}): ObjectRef & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...{ labels } },
  spec: {
    nodeName: 'node1',
    containers: [{ name: 'main', image: 'none', ports: [{ name: 'http', containerPort: 80 }] }],
  },
});

const policyRef = (name: string): ObjectRef & { spec: object } => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'default' },
  spec: { podSelector: {} },
});

const create = async <Ref extends ObjectRef>(ref: Ref): Promise<Ref> => {
  await server.admin.create(ref);
  created.push(ref);
  return ref;
};

/** Makes a newer revision in etcd and compacts it to that one, so no watch can go on from before. */
const forgetHistory = async (): Promise<void> => {
  const call = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${server.etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return answer.json();
  };
  const base64 = Buffer.from('portcullis-test').toString('base64');
  const put = (await call('/v3/kv/put', { key: base64, value: base64 })) as { header: { revision: string } };
  await call('/v3/kv/compaction', { revision: put.header.revision, physical: true });
};

const podNamed = (name: string): PodEndpoint | undefined =>
  source
    ?.snapshot()
    .pods.values()
    .find((pod) => pod.name === name);

describe('objects of the API', () => {
  test('the first list comes in pages', async () => {
    const names = Array.from({ length: 23 }, (_, at) => `many-${String(at).padStart(2, '0')}`);
    await Promise.all(names.map((name) => create(podRef(name))));
    const { snapshot, status } = await synced({ timing: { pageSize: 5 } });
    const found = [...snapshot().pods.values()].map(({ name }) => name).sort();
    expect(found).toEqual(names);
    expect(Number(status().pods.resourceVersion)).toBeGreaterThan(0);
  });

  test('the source follows a pod from its creation to its end', async () => {
    await synced();
    const ref = await create(podRef('web', { app: 'web' }));
    await until('the pod', () => podNamed('web') !== undefined);
    expect(podNamed('web')).toMatchObject({ namespace: 'default', node: 'node1', ips: [], hostNetwork: false });
    await server.admin.patchStatus(ref, {
      phase: 'Running',
      podIP: '10.0.0.5',
      podIPs: [{ ip: '10.0.0.5' }, { ip: 'fd00::5' }],
      hostIP: '192.0.2.1',
      hostIPs: [{ ip: '192.0.2.1' }],
    });
    await until('its addresses', () => podNamed('web')?.ips.length === 2);
    expect(podNamed('web')).toMatchObject({
      ips: ['10.0.0.5', 'fd00::5'],
      hostIPs: ['192.0.2.1'],
      ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
      labels: new Map([['app', 'web']]),
    });
    await server.admin.patch(ref, { metadata: { labels: { app: null, tier: 'x' } } });
    await until('its new labels', () => podNamed('web')?.labels.has('tier') === true);
    expect(podNamed('web')?.labels).toEqual(new Map([['tier', 'x']]));
    await server.admin.delete(ref, 30);
    const marker = await create(podRef('marker'));
    await until('what came after its deletion began', () => podNamed('marker') !== undefined);
    expect(podNamed('web')).toBeDefined();
    await server.admin.delete(ref);
    await until('its end', () => podNamed('web') === undefined);
    await server.admin.delete(marker);
  });

  test('the source drops a pod that finishes, although the object stays', async () => {
    await synced();
    const ref = await create(podRef('job'));
    await until('the pod', () => podNamed('job') !== undefined);
    await server.admin.patchStatus(ref, { phase: 'Succeeded' });
    await until('its end', () => podNamed('job') === undefined);
  });

  test('a pod that is deleted and created again under the same name is another pod', async () => {
    await synced();
    const ref = await create(podRef('again'));
    await until('the pod', () => podNamed('again') !== undefined);
    const first = podNamed('again')?.uid;
    await server.admin.delete(ref);
    const { metadata } = await server.admin.create(ref);
    await until('the other pod', () => podNamed('again')?.uid === metadata.uid);
    expect(source?.snapshot().pods.has(first ?? '')).toBe(false);
  });

  test('the source follows namespaces and policies', async () => {
    const { snapshot } = await synced();
    const shop = await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    await server.admin.patch(shop, { metadata: { labels: { team: 'a' } } });
    await until('its labels', () => snapshot().namespaces.get('shop')?.labels.has('team') === true);
    expect(snapshot().namespaces.get('shop')?.labels.get('kubernetes.io/metadata.name')).toBe('shop');
    await server.admin.delete(shop);
    await until('its end', () => !snapshot().namespaces.has('shop'));

    const key = policyKey('default', 'deny');
    const deny = await create(policyRef('deny'));
    await until('the policy', () => snapshot().policies.has(key));
    expect(snapshot().policies.get(key)?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'] });
    await server.admin.patch(deny, { spec: { policyTypes: ['Egress'] } });
    await until('its change', () => JSON.stringify(snapshot().policies.get(key)).includes('Egress'));
    await server.admin.delete(deny);
    await until('its end', () => !snapshot().policies.has(key));
  });

  test('the source delivers a burst of changes completely', async () => {
    const { snapshot } = await synced();
    const refs = Array.from({ length: 60 }, (_, at) => podRef(`burst-${at}`));
    await Promise.all(refs.map(create));
    await Promise.all(refs.map((ref, at) => server.admin.patchStatus(ref, { podIP: `10.1.0.${at + 1}` })));
    const bursting = (): PodEndpoint[] => [...snapshot().pods.values()].filter(({ name }) => name.startsWith('burst-'));
    await until('all addresses', () => bursting().filter(({ ips }) => ips.length === 1).length === refs.length);
    await Promise.all(refs.map((ref) => server.admin.delete(ref)));
    await until('their end', () => bursting().length === 0);
  });
});

describe('an API server that goes away', () => {
  test('the state stays while the API server is away, and the source reports what changed meanwhile, and nothing else', async () => {
    const kept = await create(podRef('kept'));
    await create(policyRef('kept'));
    const { snapshot, status } = await synced();
    const before = { pods: [...snapshot().pods.keys()], policies: [...snapshot().policies.keys()] };
    await server.halt();
    await until('trouble of all kinds', () => Object.values(status()).every(({ trouble }) => trouble !== undefined));
    expect(troubles.join('\n')).toMatch(/ECONNREFUSED|the connection broke/);
    expect([...snapshot().pods.keys()]).toEqual(before.pods);
    expect([...snapshot().policies.keys()]).toEqual(before.policies);
    changes = [];
    await server.resume();
    await create(podRef('new'));
    await until('the new pod', () => podNamed('new') !== undefined);
    await until('recovery', () => Object.values(status()).every(({ trouble }) => trouble === undefined));
    expect(changes).toEqual([{ kind: 'pods', key: podNamed('new')?.uid }]);
    expect(status().pods.restarts).toBeGreaterThan(0);
    await server.admin.delete(kept);
    await until('later events', () => podNamed('kept') === undefined);
  });

  test('the source lists again, without a flap, when the API server comes back without the known history', async () => {
    const gone = await create(podRef('gone'));
    await create(podRef('kept'));
    const { status } = await synced();
    await server.halt();
    await until('trouble', () => status().pods.trouble !== undefined);
    await forgetHistory();
    await server.resume();
    await server.admin.delete(gone);
    await until('the deletion', () => podNamed('gone') === undefined);
    await until('recovery', () => Object.values(status()).every(({ trouble }) => trouble === undefined));
    expect(troubles.join('\n')).toMatch(/pods: 410 Gone: too old resource version/);
    expect(changes.filter(({ key }) => key === podNamed('kept')?.uid)).toHaveLength(1);
  });

  test('the source detects an API server that became silent, and continues when it is back', async () => {
    const { status } = await synced({
      timing: { watchSeconds: [60, 60], watchOverrun: -59_000, watchSilence: 1000, listSilence: 1000 },
    });
    process.kill(server.pid(), 'SIGSTOP');
    try {
      await until('trouble of all kinds', () => Object.values(status()).every(({ trouble }) => trouble !== undefined));
      expect(troubles.join('\n')).toContain('nothing heard for 1 s');
    } finally {
      process.kill(server.pid(), 'SIGCONT');
    }
    await create(podRef('later'));
    await until('the pod', () => podNamed('later') !== undefined);
  });
});

describe('watches of the API', () => {
  test('the source continues without trouble when the server ends watches after their timeout', async () => {
    await synced({ timing: { watchSeconds: [1, 1], stable: 500 } });
    const pause = performance.now() + 2500;
    await until('two watches to end', () => performance.now() > pause);
    await create(podRef('after'));
    await until('the pod', () => podNamed('after') !== undefined);
    expect(troubles).toEqual([]);
    expect(source?.status().pods.restarts).toBe(0);
  });
});

describe('credentials of the source', () => {
  const connectAs =
    (token: string): ApiSourceDeps['connect'] =>
    () =>
      Promise.resolve({
        server: server.url,
        options: () => Promise.resolve({ ca: server.ca, headers: { Authorization: `Bearer ${token}` } }),
      });

  test('the source names the missing right when it may not list', async () => {
    const { hasSynced } = start({ connect: connectAs(NOBODY.token) });
    await until('a refusal of each kind', () => new Set(troubles.map((line) => line.split(':')[0])).size === 3);
    expect(troubles.find((line) => line.startsWith('networkpolicies'))).toMatch(
      /403 Forbidden: networkpolicies\.networking\.k8s\.io is forbidden: User "nobody" cannot list .*: the credentials may not do this; grant/,
    );
    expect(hasSynced()).toBe(false);
  });

  test('the source reports unknown credentials separately from missing rights', async () => {
    start({ connect: connectAs('wrong') });
    await until('a refusal', () => troubles.length > 0);
    expect(troubles[0]).toMatch(/401 Unauthorized: Unauthorized: the API server does not accept these credentials/);
  });
});
