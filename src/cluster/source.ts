import type { ClusterChange, ObjectKind } from '../model/cluster-change.ts';
import type { OtherPolicies } from '../model/other-policies.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';

/** The state of one kind's list and watch. */
export interface KindStatus {
  /** Whether the first full list is in. */
  readonly synced: boolean;
  /** The newest resourceVersion seen, '' where the source has none (manifests that were written by hand). */
  readonly resourceVersion: string;
  /** Clock.now(), in ms, of the last message of the list or watch; undefined before the first. */
  readonly lastHeardAt: number | undefined;
  /** Why the last list or watch failed; undefined while all is well. */
  readonly trouble: string | undefined;
  /** Whether the newest full list was empty, and nothing came since; see api/empty-lists.ts. */
  readonly listedNone?: boolean;
  /** Number of failures of the list or watch; an orderly end by the server does not count. */
  readonly restarts: number;
  /** The same by code: an HTTP status or a word, see failureCode. */
  readonly errors: Readonly<Record<string, number>>;
}

/** The status of a kind before its first message. */
export const UNHEARD: KindStatus = {
  synced: false,
  resourceVersion: '',
  lastHeardAt: undefined,
  trouble: undefined,
  restarts: 0,
  errors: {},
};

export type SourceStatus = Readonly<Record<ObjectKind, KindStatus>>;

/** Where the cluster's state comes from: an API server, a folder of manifests, later a relay. */
export interface ClusterSource {
  /** Starts to follow. Calls `onChange`, which is cheap and never throws, once the snapshot has the change. */
  start(onChange: (change: ClusterChange) => void): void;
  /** Reports whether all three kinds have delivered their first full list. Before that, nothing changes the kernel. */
  hasSynced(): boolean;
  snapshot(): ClusterSnapshot;
  status(): SourceStatus;
  /** Returns the policies of other kinds that the source knows of. */
  otherPolicies?(): readonly OtherPolicies[];
  stop(): Promise<void>;
}
