import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectDenied, url } from '../support/curl.ts';
import { apply, get } from '../support/kubectl.ts';
import { DEFAULT_PORT, denyAll, podObject } from '../support/objects.ts';
import { closeNamespaces, openNamespaces, podIps, waitForPods, workers } from '../support/stage.ts';

/** The kubelet's probes come from the node itself, which always reaches its pods. */

const NAMESPACE = 'e2e-probes';

/** One failure has a visible effect: the pod is unready at once, and restarted. */
const STRICT = { periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 1 };

const PROBES = {
  http: { httpGet: { path: '/healthz', port: DEFAULT_PORT } },
  tcp: { tcpSocket: { port: DEFAULT_PORT } },
  exec: { exec: { command: ['/agnhost', 'connect', `localhost:${DEFAULT_PORT}`, '--timeout=4s'] } },
} as const;

/** How long the pods are watched: several periods of every probe. */
const WATCHED_MS = 8_000;

interface PodView {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly containerStatuses: readonly { readonly restartCount: number }[];
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
  };
}

/** Returns whether each pod is ready, since when, and its number of restarts. */
const health = async (): Promise<readonly object[]> => {
  const { items } = await get<{ items: readonly PodView[] }>('-n', NAMESPACE, 'pods');
  return items.map(({ metadata, status }) => {
    const ready = status.conditions.find(({ type }) => type === 'Ready');
    const restarts = status.containerStatuses[0]?.restartCount;
    return { name: metadata.name, ready: ready?.status, since: ready?.lastTransitionTime, restarts };
  });
};

beforeAll(async () => {
  const nodes = await workers();
  await openNamespaces(NAMESPACE);
  await apply(denyAll(NAMESPACE));
  const pods = nodes.flatMap((node, at) =>
    Object.entries(PROBES).map(([kind, probe]) => {
      const checks = { ...probe, ...STRICT };
      const container = { readinessProbe: checks, livenessProbe: { ...checks, initialDelaySeconds: 5 } };
      return podObject({ namespace: NAMESPACE, name: `${kind}-${at}`, node: node.name, container });
    }),
  );
  await apply(...pods);
});

afterAll(() => closeNamespaces(NAMESPACE));

test('pods whose traffic is all denied become ready, and stay so without a restart', async () => {
  await waitForPods(NAMESPACE);
  const before = await health();
  expect(before).toHaveLength(6);
  await delay(WATCHED_MS);
  expect(await health()).toEqual(before);
});

test('pods with probes are isolated all the same', async () => {
  for (const ip of await podIps({ namespace: NAMESPACE, name: 'http-0' })) {
    await expectDenied({ namespace: NAMESPACE, name: 'tcp-0' }, url(ip, DEFAULT_PORT));
    await expectDenied({ namespace: NAMESPACE, name: 'tcp-1' }, url(ip, DEFAULT_PORT));
  }
});
