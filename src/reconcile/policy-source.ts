import type { ClusterSnapshot } from '../model/snapshot.ts';

/** The cluster's state, as the loop needs it. */
export interface PolicySource {
  /** Every kind has delivered its first full list; nothing touches the kernel before. */
  hasSynced(): boolean;
  snapshot(): ClusterSnapshot;
  /** The newest resourceVersion seen of each kind, for the status document. */
  revisions(): Readonly<Record<string, string>>;
}
