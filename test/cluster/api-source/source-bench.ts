import { afterEach, beforeEach } from '@jest/globals';
import { type ApiSourceDeps, createApiSource } from '../../../src/cluster/api-source.ts';
import type { ClusterSource, KindStatus } from '../../../src/cluster/source.ts';
import { createSystemClock } from '../../../src/kernel/clock.ts';
import type { ClusterChange } from '../../../src/model/cluster-change.ts';
import { type FakeApi, type FakeRequest, startFakeApi } from '../../support/apiserver/fake-api.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A source with an API server that answers as a test scripts it; each test has its own, with a record of both. */
export let api: FakeApi;
export let source: ClusterSource | undefined;
export let changes: ClusterChange[] = [];
/** The reported changes of pods. */
export let troubles: string[] = [];

beforeEach(async () => {
  api = await startFakeApi();
  changes = [];
  troubles = [];
});

afterEach(async () => {
  await source?.stop();
  await api.stop();
});

type OnChange = (change: ClusterChange) => void;

/** With the waits of an agent. */
export const startPatiently = (
  settings: Partial<ApiSourceDeps> = {},
  onChange: OnChange = (change) => changes.push(change),
): ClusterSource => {
  source = createApiSource({
    connect: () => Promise.resolve(api.connection),
    clock: createSystemClock(),
    random: () => 0.5,
    onTrouble(kind, trouble) {
      if (kind === 'pods' && trouble !== undefined) troubles.push(trouble);
    },
    ...settings,
  });
  source.start(onChange);
  return source;
};

/** With waits that are short enough for a test. */
export const start = (settings: Partial<ApiSourceDeps> = {}, onChange?: OnChange): ClusterSource => {
  const timing = { backoffFirst: 5, backoffLimit: 20, relistJitter: 5, stable: 0, ...settings.timing };
  return startPatiently({ ...settings, timing }, onChange);
};

export const pod = (
  name: string,
  changed: { uid?: string; resourceVersion?: string; labels?: object; phase?: string } = {},
): object => ({
  metadata: {
    uid: changed.uid ?? `uid-${name}`,
    namespace: 'shop',
    name,
    resourceVersion: changed.resourceVersion ?? '1',
    labels: changed.labels ?? {},
  },
  status: { phase: changed.phase ?? 'Running' },
});

export const event = (type: string, object: object): object => ({ type, object });
export const bookmark = (resourceVersion: string): object => event('BOOKMARK', { metadata: { resourceVersion } });
export const status = (code: number, message: string, details = {}): object =>
  event('ERROR', { code, message, details });

export const pods = (): string[] => [...(source?.snapshot().pods.values() ?? [])].map(({ name }) => name).sort();
export const podStatus = (): KindStatus | undefined => source?.status().pods;
/** Returns requests about pods, without those for the newest version. */
export const requests = (isWatch: boolean): FakeRequest[] =>
  api.requests.filter((request) => request.kind === 'pods' && request.isWatch === isWatch && !request.isProbe);

export const until = async (what: string, holds: () => boolean): Promise<void> => {
  const state = (): string => JSON.stringify({ status: podStatus(), pods: pods(), troubles });
  await waitFor(what, 10_000, () => Promise.resolve(holds() || undefined), state);
};

export const untilWatching = (version: string): Promise<void> =>
  until(`a watch from ${version}`, () => requests(true).some(({ query }) => query.get('resourceVersion') === version));
