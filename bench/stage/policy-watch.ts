import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { nowNs } from './flow.ts';

/** What the thread has to know. */
export interface PolicyWatchData {
  readonly kubeconfigPath: string;
  readonly resourceVersion: string;
  readonly namespace: string;
  readonly name: string;
}

/** What it tells: a version of the policy came; '' once it watches. */
export interface Heard {
  readonly version: string;
  readonly atNs: number;
}

/**
 * Somebody who is told of all policies of the cluster as an agent is, and does nothing but look for one of them: no agent can
 * have heard of it sooner.
 */
export interface PolicyWatch {
  /** When this version of the policy was heard of, ns of CLOCK_MONOTONIC. @throws Error after 60 s */
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
  // Told where somebody waits.
  failed.catch(() => undefined);
  const heardAt = async (version: string): Promise<number> => {
    const deadline = nowNs() + PATIENCE_MS * 1e6;
    for (;;) {
      const at = heard.get(version);
      if (at !== undefined) {
        heard.delete(version);
        return at;
      }
      if (nowNs() > deadline) throw new Error(`a watch was not told of version ${version} of the policy`);
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
