import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import { benchNamespaces, benchPods, benchPolicies } from './cluster.ts';
import type { Size } from './size.ts';

/** Concurrent requests: more do not make a kube-apiserver on two cores faster. */
const WORKERS = 24;

const forAll = async <T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<void> => {
  // Workers share one iterator, so that a generator's items exist only while they are used.
  const iterator = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
};

/** Fills an empty API server with a cluster of the given size. */
export const loadCluster = async (admin: AdminClient, size: Size, nodeAddress: string): Promise<void> => {
  await forAll(benchNamespaces(size), (namespace) => admin.create(namespace));
  await forAll(benchPolicies(size), (policy) => admin.create(policy));
  await forAll(benchPods(size, nodeAddress), async ({ pod, status }) => {
    await admin.create(pod);
    await admin.patchStatus(pod, status);
  });
};
