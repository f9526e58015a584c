import type { ClusterChange, ObjectKind } from '../model/cluster-change.ts';
import type { OtherPolicies } from '../model/other-policies.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';

/** How one kind stands. */
export interface KindStatus {
  /** The first full list is in. */
  readonly synced: boolean;
  /** The newest resourceVersion seen, '' where the source has none (manifests that were written by hand). */
  readonly resourceVersion: string;
  /** Clock.now() of the last sign of life of the list or watch, ms; undefined before the first. */
  readonly lastHeardAt: number | undefined;
  /** Why the last list or watch ended badly; undefined while all is well. */
  readonly trouble: string | undefined;
  /** The newest full list was empty, and nothing came since: see api/empty-lists.ts. */
  readonly listedNone?: boolean;
  /** How often list or watch ended badly and began again; an orderly end by the server does not count. */
  readonly restarts: number;
}

/** A kind that nothing was heard of yet. */
export const UNHEARD: KindStatus = {
  synced: false,
  resourceVersion: '',
  lastHeardAt: undefined,
  trouble: undefined,
  restarts: 0,
};

export type SourceStatus = Readonly<Record<ObjectKind, KindStatus>>;

/** Where the cluster's state comes from: an API server, a folder of manifests, later a relay. */
export interface ClusterSource {
  /** Begins to follow. `onChange` is cheap and never throws; it is called after the snapshot holds the change. */
  start(onChange: (change: ClusterChange) => void): void;
  /** All three kinds have delivered their first full list. Nothing may touch the kernel before. */
  hasSynced(): boolean;
  snapshot(): ClusterSnapshot;
  status(): SourceStatus;
  /** Policies of other kinds that it holds, as far as it has them at hand. */
  otherPolicies?(): readonly OtherPolicies[];
  stop(): Promise<void>;
}
