import type { Clock } from '../model/clock.ts';
import type { ObjectKind } from '../model/cluster-change.ts';
import type { Connect } from './api/connection.ts';
import type { Beginning } from './api/first-list.ts';
import { createReflector, type Reflector } from './api/reflector.ts';
import { shareConnection } from './api/shared-connection.ts';
import { DEFAULT_TIMING, type Timing } from './api/timing.ts';
import { createIntern } from './intern.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS, type PolicyResource } from './resource.ts';
import type { ClusterSource } from './source.ts';

export interface ApiSourceDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Called once for each list or watch of a kind that fails, and with undefined when it works again. */
  readonly onTrouble?: (kind: ObjectKind, trouble: string | undefined) => void;
  /** Decides how the first list of pods is read. If absent, it is the newest one. */
  readonly beginning?: Beginning;
  readonly timing?: Partial<Timing>;
}

/**
 * Follows the cluster by a Kubernetes API server: lists Pods, Namespaces and NetworkPolicies of all namespaces once, then
 * watches them. While the server or the connection fails, the last known state stays.
 */
export const createApiSource = (deps: ApiSourceDeps): ClusterSource => {
  const stopping = new AbortController();
  const intern = createIntern();
  const connection = shareConnection(deps.connect);

  const reflect = <K extends string, T>(resource: PolicyResource<K, T>): Reflector<K, T> =>
    createReflector(resource, {
      connection: connection.current,
      reconnect: connection.drop,
      clock: deps.clock,
      random: deps.random,
      timing: { ...DEFAULT_TIMING, ...deps.timing },
      intern,
      beginning: deps.beginning,
      onTrouble: (trouble) => deps.onTrouble?.(resource.kind, trouble),
    });

  const pods = reflect(PODS);
  const namespaces = reflect(NAMESPACES);
  const policies = reflect(NETWORK_POLICIES);
  const snapshot = { pods: pods.objects, namespaces: namespaces.objects, policies: policies.objects };
  let running: Promise<unknown> = Promise.resolve();

  return {
    start(onChange) {
      const { signal } = stopping;
      const tell = (kind: ObjectKind) => (key: string) => {
        onChange({ kind, key });
      };
      running = Promise.all([
        pods.run(tell('pods'), signal),
        namespaces.run(tell('namespaces'), signal),
        policies.run(tell('networkpolicies'), signal),
      ]);
    },
    hasSynced: () => [pods, namespaces, policies].every((reflector) => reflector.status().synced),
    snapshot: () => snapshot,
    status: () => ({ pods: pods.status(), namespaces: namespaces.status(), networkpolicies: policies.status() }),
    async stop() {
      stopping.abort();
      await running;
    },
  };
};
