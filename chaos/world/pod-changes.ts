import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { JsonLabels } from '../../test/support/naive/world.ts';
import { type Change, RefusedError } from './change.ts';
import { podObject, podRef, podStatus } from './objects.ts';
import { type ChaosPod, type ChaosState, keyOf, withEntry } from './state.ts';

/** Returns a merge patch that makes the labels exactly `after`. */
export const labelPatch = (before: JsonLabels, after: JsonLabels): object => ({
  metadata: { labels: { ...Object.fromEntries(Object.keys(before).map((key) => [key, null])), ...after } },
});

const withPod = (state: ChaosState, pod: ChaosPod): ChaosState => ({
  ...state,
  pods: withEntry(state.pods, keyOf(pod), pod),
});

const withoutPod = (state: ChaosState, pod: ChaosPod): ChaosState => ({
  ...state,
  pods: withEntry(state.pods, keyOf(pod), undefined),
  left: state.left.union(new Set(pod.ips)),
});

const withLeft = (state: ChaosState, pod: ChaosPod): ChaosState => ({
  ...state,
  left: state.left.union(new Set(pod.ips)),
});

const create = async (admin: AdminClient, pod: ChaosPod): Promise<{ readonly pod: ChaosPod; readonly version: string }> => {
  await admin.create(podObject(pod)).catch((error: unknown) => {
    throw new RefusedError(error);
  });
  const written = await admin.patchStatus(podRef(pod), podStatus(pod));
  const { resourceVersion: version, uid } = written.metadata;
  return { pod: { ...pod, uid }, version };
};

export const createPod = (pod: ChaosPod, contested: readonly string[]): Change => ({
  name: contested.length > 0 ? 'create pod with an address in use' : 'create pod',
  kind: 'pods',
  contested,
  apply: (state) => withPod(state, pod),
  async write(admin, state) {
    const { pod: stored, version } = await create(admin, pod);
    return { state: withPod(state, stored), version };
  },
});

export const deletePod = (pod: ChaosPod): Change => ({
  name: 'delete pod',
  kind: 'pods',
  contested: [],
  apply: (state) => withoutPod(state, pod),
  async write(admin, state) {
    await admin.delete(podRef(pod));
    return { state: withoutPod(state, pod) };
  },
});

export const relabelPod = (pod: ChaosPod, labels: JsonLabels): Change => {
  const after = { ...pod, labels };
  return {
    name: 'relabel pod',
    kind: 'pods',
    contested: [],
    apply: (state) => withPod(state, after),
    async write(admin, state) {
      const { metadata } = await admin.patch(podRef(pod), labelPatch(pod.labels, labels));
      return { state: withPod(state, after), version: metadata.resourceVersion };
    },
  };
};

/** Finishes a pod: another pod may have its address from then on. */
export const finishPod = (pod: ChaosPod): Change => {
  const after = { ...pod, finished: true };
  return {
    name: 'finish pod',
    kind: 'pods',
    contested: [],
    apply: (state) => withLeft(withPod(state, after), after),
    async write(admin, state) {
      await admin.patchStatus(podRef(pod), podStatus(after));
      return { state: withLeft(withPod(state, after), after) };
    },
  };
};
