import { connectionsRow } from './connections.ts';
import { RESTART } from './restart.ts';
import type { Row } from './row.ts';
import { UPGRADE } from './upgrade.ts';

/** In the order in which they are proven. */
export const ROWS: readonly Row[] = [RESTART, UPGRADE, connectionsRow({ foe: 1_000, friend: 5_000 })];
