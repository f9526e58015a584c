import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { ObjectRef } from '../../src/lab/apiserver/kinds.ts';
import type { AgentKind } from '../../test/support/lab/agent.ts';
import { type Change, RefusedError } from './change.ts';
import { NAMESPACES } from './choose-changes.ts';
import { namespaceRef } from './objects.ts';
import type { ChaosState } from './state.ts';

/** A reader with these resourceVersions, or later ones, has everything that was written. */
export type Written = ReadonlyMap<AgentKind, bigint>;

/** The namespace of the objects whose change marks the end of a kind's writes. */
const MARKERS = 'markers';

/** Returns a change of an object of the kind that policy could depend on, so that no reader ignores it. */
const marker = (kind: AgentKind, turn: string): ObjectRef => {
  const metadata = { name: MARKERS, labels: { turn } };
  const inside = { ...metadata, namespace: MARKERS };
  const pod = { containers: [{ name: 'none', image: 'example.org/none:1' }] };
  switch (kind) {
    case 'namespaces':
      return { apiVersion: 'v1', kind: 'Namespace', metadata };
    case 'pods':
      return { apiVersion: 'v1', kind: 'Pod', metadata: inside, ...{ spec: pod } };
    case 'networkpolicies':
      return {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: inside,
        ...{ spec: { podSelector: { matchLabels: { turn } }, policyTypes: ['Ingress'] } },
      };
  }
};

/** The cluster in an API server. */
export interface ChaosCluster {
  state(): ChaosState;
  /** Writes the changes one after the other, and skips those that the API server refuses. @returns the names of the others */
  write(changes: readonly Change[]): Promise<readonly string[]>;
  written(): Written;
}

/** Creates an empty cluster with only its namespaces and the markers. */
export const createChaosCluster = async (admin: AdminClient): Promise<ChaosCluster> => {
  const written = new Map<AgentKind, bigint>();
  let turn = 0;
  const mark = async (kind: AgentKind): Promise<void> => {
    turn += 1;
    const { metadata } = await admin.apply(marker(kind, `t${turn}`));
    written.set(kind, BigInt(metadata.resourceVersion));
  };
  for (const kind of ['namespaces', 'pods', 'networkpolicies'] as const) await mark(kind);
  for (const name of NAMESPACES) await admin.apply(namespaceRef(name));
  await mark('namespaces');
  let state: ChaosState = {
    namespaces: new Map([MARKERS, ...NAMESPACES].map((name) => [name, { 'kubernetes.io/metadata.name': name }])),
    pods: new Map(),
    policies: new Map(),
    left: new Set(),
  };
  return {
    state: () => state,
    written: () => written,
    async write(changes) {
      const names: string[] = [];
      const unmarked = new Set<AgentKind>();
      for (const change of changes) {
        try {
          const { state: after, version } = await change.write(admin, state);
          state = after;
          names.push(change.name);
          unmarked.delete(change.kind);
          if (version === undefined) unmarked.add(change.kind);
          else written.set(change.kind, BigInt(version));
        } catch (error) {
          if (!(error instanceof RefusedError)) throw error;
        }
      }
      for (const kind of unmarked) await mark(kind);
      return names;
    },
  };
};
