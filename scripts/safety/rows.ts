import { connectionsRow } from './connections.ts';
import { RESTART } from './restart.ts';
import type { Row } from './row.ts';
import { tamperingRow } from './tampering/row.ts';
import { UPGRADE } from './upgrade.ts';

/** The proofs in order. */
export const ROWS: readonly Row[] = [
  RESTART,
  UPGRADE,
  connectionsRow({ foe: 1_000, friend: 5_000 }),
  // 13,000 members in 130 sets, as on a node of a cluster of 5,000 pods.
  tamperingRow({ crowd: { groups: 65, pods: 325, groupsOfPod: 20 }, spreadMs: 4_000, idleSeconds: 60 }),
];
