import type { ClusterSnapshot } from '../model/snapshot.ts';

/** The cluster's state, as the loop uses it. */
export interface PolicySource {
  /** Reports whether every kind has delivered its first full list; before that, nothing changes the kernel. */
  hasSynced(): boolean;
  snapshot(): ClusterSnapshot;
  /** Returns the newest resourceVersion of each kind, for the status document. */
  revisions(): Readonly<Record<string, string>>;
}
