import { formatProblem } from '../../cluster/manifest/place.ts';
import { factsOf } from '../../page/cluster.ts';
import type { Entry } from '../../page/entries.ts';
import type { PageServer } from '../../page-server/page-server.ts';
import { type PlacedCluster, placePods } from '../matrix/place-pods.ts';
import { workloadsOf } from '../matrix/read-cluster.ts';
import { readOutside } from '../play/endpoint-slice.ts';
import type { EventLog } from './event-log.ts';
import { outsideEntries, problemEntry } from './page-entries.ts';
import type { FollowedManifests } from './rendered-source.ts';

/** Services and problems cause no events of the source, so what was loaded is compared at this interval. */
const LOOK_MS = 250;

/** Publishes the newest manifests, and what changed in them. @returns a function that ends it */
export const followFolder = (
  source: FollowedManifests,
  title: string,
  log: EventLog,
  server: Pick<PageServer, 'publish'>,
): (() => Promise<void>) => {
  let known: object | undefined;
  let placed: PlacedCluster | undefined;
  const look = (): void => {
    const loaded = source.manifests();
    if (loaded === undefined || loaded === known || !source.hasSynced()) return;
    known = loaded;
    placed = placePods(loaded.snapshot, placed?.snapshot);
    log.note(placed.snapshot);
    const entries: readonly Entry[] = [
      ...factsOf(placed.snapshot, workloadsOf(loaded)),
      ...outsideEntries(readOutside(loaded.ignored).externals),
      ...loaded.problems.map((problem) => problemEntry(formatProblem(problem))),
      ...log.events(),
    ];
    server.publish({ title, mode: 'folder', observes: false }, entries);
  };
  source.start(() => undefined);
  const timer = setInterval(look, LOOK_MS);
  return async () => {
    clearInterval(timer);
    await source.stop();
  };
};
