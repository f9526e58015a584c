import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { nowNs } from './flow.ts';

/** The input of the thread. */
export interface PolicyWatchData {
  readonly kubeconfigPath: string;
  readonly resourceVersion: string;
  readonly namespace: string;
  readonly name: string;
}

/** A message of the thread: a version of the policy arrived; '' once it watches. */
export interface Heard {
  readonly version: string;
  readonly atNs: number;
}

/**
 * A watch of all policies of the cluster, as an agent has, that only looks for one of them: no agent can have received its
 * changes earlier.
 */
export interface PolicyWatch {
  /** Returns the arrival of this version of the policy in nanoseconds of CLOCK_MONOTONIC. @throws Error after 60 s */
  heardAt(version: string): Promise<number>;
  end(): Promise<void>;
}

const PATIENCE_MS = 60_000;

export const openPolicyWatch = async (
  { admin, kubeconfigPath }: ApiServer,
  policy: { readonly namespace: string; readonly name: string },
): Promise<PolicyWatch> => {
  const list = (await admin.get('/apis/networking.k8s.io/v1/networkpolicies?limit=1')) as {
    metadata: { resourceVersion: string };
  };
  const workerData: PolicyWatchData = { kubeconfigPath, resourceVersion: list.metadata.resourceVersion, ...policy };
  const worker = new Worker(path.join(import.meta.dirname, 'policy-watch-worker.ts'), { workerData });
  const heard = new Map<string, number>();
  let changed = Promise.withResolvers<undefined>();
  worker.on('message', ({ version, atNs }: Heard) => {
    heard.set(version, atNs);
    changed.resolve(undefined);
    changed = Promise.withResolvers();
  });
  const failed = new Promise<never>((_, reject) => {
    worker.once('error', reject);
  });
  // The error is reported to the callers that wait.
  failed.catch(() => undefined);
  const heardAt = async (version: string): Promise<number> => {
    const deadline = nowNs() + PATIENCE_MS * 1e6;
    for (;;) {
      const at = heard.get(version);
      if (at !== undefined) {
        heard.delete(version);
        return at;
      }
      if (nowNs() > deadline) throw new Error(`a watch did not receive version ${version} of the policy`);
      await Promise.race([changed.promise, failed]);
    }
  };
  await heardAt('');
  return {
    heardAt,
    async end() {
      await worker.terminate();
    },
  };
};
