import { withSandboxes } from '../../../src/cluster/cni/with-sandboxes.ts';
import type { ClusterSource, KindStatus } from '../../../src/cluster/source.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { ClusterChange } from '../../../src/model/cluster-change.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import type { PolicyKey, PolicyObject } from '../../../src/model/policy-object.ts';
import type { Sandbox } from '../../../src/model/sandbox.ts';

/** All current claims about a node's addresses. Agents that follow it receive changes. */
export interface NodeWords {
  readonly pods: Map<string, PodEndpoint>;
  readonly policies: Map<PolicyKey, PolicyObject>;
  /** By name of the file. */
  readonly notes: Map<string, Sandbox>;
  readonly interfaces: Set<string>;
  readonly routed: Set<string>;
  /** The newest list of pods was empty. */
  listedNone: boolean;
  readonly followers: Set<{ readonly pod: (uid: string) => void; readonly note: (uid: string) => void }>;
}

export const createNodeWords = (): NodeWords => ({
  pods: new Map(),
  policies: new Map(),
  notes: new Map(),
  interfaces: new Set(['lo']),
  routed: new Set(),
  listedNone: false,
  followers: new Set(),
});

export const tellPod = (words: NodeWords, uid: string, pod: PodEndpoint | undefined): void => {
  if (pod === undefined) words.pods.delete(uid);
  else words.pods.set(uid, pod);
  for (const each of words.followers) each.pod(uid);
};

export const tellNote = (words: NodeWords, file: string, note: Sandbox | undefined): void => {
  const before = words.notes.get(file);
  if (note === undefined) words.notes.delete(file);
  else words.notes.set(file, note);
  for (const uid of new Set([before?.podUid, note?.podUid])) {
    if (uid !== undefined) for (const each of words.followers) each.note(uid);
  }
};

const SYNCED: KindStatus = {
  synced: true,
  resourceVersion: '1',
  lastHeardAt: 0,
  trouble: undefined,
  restarts: 0,
  errors: {},
};

export interface Following {
  readonly source: ClusterSource;
  readonly changes: ClusterChange[];
  stop(): void;
}

/** Starts what an agent of node n1 makes of the words. */
export const follow = (words: NodeWords, clock: Clock, withResults = true): Following => {
  let follower: { pod: (uid: string) => void; note: (uid: string) => void } | undefined;
  let notePod: (uid: string) => void = () => undefined;
  const changes: ClusterChange[] = [];
  const source = withSandboxes(
    {
      start(onChange) {
        const pod = (key: string): void => {
          onChange({ kind: 'pods', key });
        };
        follower = { pod, note: (uid) => notePod(uid) };
        words.followers.add(follower);
        for (const uid of words.pods.keys()) pod(uid);
      },
      hasSynced: () => true,
      snapshot: () => ({ pods: words.pods, namespaces: new Map(), policies: words.policies }),
      status: () => ({
        pods: { ...SYNCED, listedNone: words.listedNone },
        namespaces: SYNCED,
        networkpolicies: SYNCED,
      }),
      stop: () => Promise.resolve(),
    },
    {
      results: withResults
        ? {
            start(onChange) {
              notePod = onChange;
              for (const uid of new Set([...words.notes.values()].map(({ podUid }) => podUid))) onChange(uid);
            },
            hasLooked: () => true,
            sandboxesOf: (uid) => [...words.notes.values()].filter(({ podUid }) => podUid === uid),
            podUids: () => new Set([...words.notes.values()].map(({ podUid }) => podUid)),
            links: () => [],
            status: () => ({ folder: '', watched: true, pods: 0 }),
            stop: () => Promise.resolve(),
          }
        : undefined,
      node: 'n1',
      host: {
        readInterfaces: () => Promise.resolve(new Set(words.interfaces)),
        readRoutedAddresses: () => Promise.resolve(new Set(words.routed)),
      },
      clock,
    },
  );
  source.start((change) => changes.push(change));
  return {
    source,
    changes,
    stop() {
      if (follower !== undefined) words.followers.delete(follower);
      void source.stop();
    },
  };
};
