import type { Clock } from '../model/clock.ts';
import type { ClusterChange } from '../model/cluster-change.ts';
import type { NamespaceEntry } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey, PolicyObject } from '../model/policy-object.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { messageOf } from './error-text.ts';
import { createIntern } from './intern.ts';
import { assemble, type LoadedManifests } from './manifest/assemble.ts';
import { createFileCache, type Scan } from './manifest/file-cache.ts';
import { type FolderFollower, followFolders } from './manifest/follow-folders.ts';
import { otherPoliciesIn } from './manifest/other-policies.ts';
import { formatProblem } from './manifest/place.ts';
import { asObject, asText } from './raw.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS } from './resource.ts';
import { type ClusterSource, type KindStatus, UNHEARD } from './source.ts';
import { createStore } from './store.ts';

export interface ManifestSourceDeps {
  /** Files, and folders (read recursively). */
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** Adds what manifests leave out, such as pods' addresses. Also gets the snapshot that it returned last. */
  readonly complete?: (loaded: ClusterSnapshot, previous: ClusterSnapshot) => ClusterSnapshot;
  /** Maximum number of pods for a workload; 1 if absent. */
  readonly maxReplicas?: number;
  /** Called with a message when something cannot be read, and with undefined when all can be read again. */
  readonly onTrouble?: (trouble: string | undefined) => void;
}

/** A cluster source that also knows the place of every object in the files. */
export interface ManifestSource extends ClusterSource {
  /** Returns the newest manifests with the completed snapshot; undefined before the first scan. */
  manifests(): LoadedManifests | undefined;
}

/** Returns one line for status: the first problem, and the number of further ones. */
const summarize = ({ problems }: LoadedManifests): string | undefined => {
  const [first, ...more] = problems;
  if (first === undefined) return undefined;
  return more.length === 0 ? formatProblem(first) : `${formatProblem(first)} (and ${String(more.length)} more)`;
};

/** Returns the greatest resourceVersion in manifests that were saved from a cluster; '' where none has one. */
const newestVersion = (contents: Scan['contents']): string => {
  const versions = contents
    .flatMap(({ objects }) => objects)
    .map(({ raw }) => asText(asObject(raw['metadata'])['resourceVersion']) ?? '')
    .filter((version) => /^\d+$/.test(version));
  return versions.reduce((newest, version) => (Number(version) > Number(newest) ? version : newest), '');
};

/**
 * Follows a cluster that a folder of manifests describes. A file that becomes invalid keeps its last valid content, and
 * `status().trouble` says why. Deleting a file deletes its objects.
 */
export const createManifestSource = (deps: ManifestSourceDeps): ManifestSource => {
  const { clock } = deps;
  const complete = deps.complete ?? ((fresh: ClusterSnapshot) => fresh);
  const intern = createIntern();
  const cache = createFileCache(deps.paths);
  const pods = createStore<string, PodEndpoint>(PODS.same);
  const namespaces = createStore<string, NamespaceEntry>(NAMESPACES.same);
  const policies = createStore<PolicyKey, PolicyObject>(NETWORK_POLICIES.same);
  const snapshot: ClusterSnapshot = { pods: pods.objects, namespaces: namespaces.objects, policies: policies.objects };
  let loaded: LoadedManifests | undefined;
  let status: KindStatus = UNHEARD;

  const setTrouble = (trouble: string | undefined): void => {
    if (trouble === status.trouble) return;
    status = { ...status, trouble };
    deps.onTrouble?.(trouble);
  };

  const take = ({ contents, complete: isComplete }: Scan, onChange: (change: ClusterChange) => void): void => {
    const fresh = assemble(contents, deps.maxReplicas ?? 1, intern);
    const completed = complete(fresh.snapshot, snapshot);
    loaded = { ...fresh, snapshot: completed };
    const changes: readonly ClusterChange[] = [
      ...namespaces.replace(completed.namespaces).map((key) => ({ kind: 'namespaces' as const, key })),
      ...pods.replace(completed.pods).map((key) => ({ kind: 'pods' as const, key })),
      ...policies.replace(completed.policies).map((key) => ({ kind: 'networkpolicies' as const, key })),
    ];
    status = {
      ...status,
      synced: status.synced || isComplete,
      resourceVersion: newestVersion(contents),
    };
    setTrouble(summarize(loaded));
    changes.forEach(onChange);
  };

  const follow = (onChange: (change: ClusterChange) => void): FolderFollower =>
    followFolders(clock, async (watchThese) => {
      const scan = await cache.scan();
      watchThese(scan.folders);
      status = { ...status, lastHeardAt: clock.now() };
      if (!scan.changed && loaded !== undefined) return;
      try {
        take(scan, onChange);
      } catch (error) {
        // The manifests cannot be completed (no address is left): the previous state stays.
        setTrouble(messageOf(error));
      }
    });

  let follower: FolderFollower | undefined;
  return {
    start(onChange) {
      follower = follow(onChange);
    },
    hasSynced: () => status.synced,
    snapshot: () => snapshot,
    status: () => ({ pods: status, namespaces: status, networkpolicies: status }),
    otherPolicies: () =>
      otherPoliciesIn(loaded?.ignored ?? []).map(({ kind, group, state, count }) => ({ kind, group, state, count })),
    manifests: () => loaded,
    stop: async () => follower?.stop(),
  };
};
