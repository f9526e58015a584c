import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { createIntern } from '../../../cluster/intern.ts';
import type { LoadedManifests } from '../../../cluster/manifest/assemble.ts';
import type { ManifestSource } from '../../../cluster/manifest-source.ts';
import type { AdminClient } from '../../../lab/apiserver/client.ts';
import type { ClusterSnapshot } from '../../../model/snapshot.ts';
import { describeFailure } from '../../failure.ts';
import type { Revisions } from '../agents.ts';
import type { Feed } from '../feed.ts';
import type { Ground } from '../ground.ts';
import { type ReadWorld, readWorld } from '../read-world.ts';
import type { WorldSource } from '../world-source.ts';
import type { World } from '../world.ts';
import { takeCare } from './caretaker.ts';
import { type ClusterState, manifestsOf, readClusterState, revisionsOf } from './cluster-state.ts';
import { createObjectSync } from './sync-objects.ts';

/** Interval at which the API server is read. */
const LOOK_MS = 200;

const NOTHING: ClusterSnapshot = { namespaces: new Map(), pods: new Map(), policies: new Map() };

/** The revisions that agents report once they enforce a world from the API server. */
export type RevisionBook = WeakMap<World, Revisions>;

/**
 * Returns a feed that does nothing, since agents follow the API server themselves. They do not set the pods' condition, which
 * would be a change of pods for every follower, and nothing here waits for it.
 */
export const createApiFeed = (kubeconfig: string, book: RevisionBook): Feed => ({
  agentFlags: ['--kubeconfig', kubeconfig, '--pod-condition', 'off'],
  publish: (world) => Promise.resolve(book.get(world) ?? { pods: '0', namespaces: '0', networkpolicies: '0' }),
});

/** Uses addresses of pods in manifests before assigning others. */
const withWrittenAddresses = (snapshot: ClusterSnapshot, written: LoadedManifests | undefined): ClusterSnapshot => ({
  ...snapshot,
  pods: new Map(
    [...snapshot.pods].map(([uid, pod]) => {
      const ips = written?.snapshot.pods.get(uid)?.ips ?? [];
      return [uid, pod.ips.length > 0 ? pod : { ...pod, ips }];
    }),
  ),
});

/** Follows an API server that a folder of manifests is applied to, and does what scheduler and kubelets would do. */
export const followApiServer = (
  admin: AdminClient,
  folder: ManifestSource,
  { place, families, resolveServices }: Ground,
  book: RevisionBook,
): WorldSource => {
  const intern = createIntern();
  const sync = createObjectSync(admin);
  let applied: LoadedManifests | undefined;
  let refusals: readonly string[] = [];
  let state: ClusterState | undefined;
  let placed = NOTHING;
  let current: ReadWorld | undefined;
  let stopped = false;

  /** Applies the folder to the API server. @returns whether anything was new */
  const applyFolder = async (): Promise<boolean> => {
    const written = folder.manifests();
    if (written === undefined || written === applied) return false;
    refusals = await sync.apply(written);
    applied = written;
    return true;
  };

  const look = async (): Promise<void> => {
    const isNew = await applyFolder();
    if (applied === undefined) return;
    const next = await readClusterState(admin);
    if (!isNew && isDeepStrictEqual(next, state)) return;
    const loaded = manifestsOf(next, intern);
    placed = place(withWrittenAddresses(loaded.snapshot, applied), placed);
    // The next read has the caretaker's changes, until nothing is left to do.
    if ((await takeCare(admin, next, placed)) > 0) return;
    state = next;
    const ignored = [...loaded.ignored, ...applied.ignored];
    const read = readWorld({ ...loaded, ignored, snapshot: placed }, families, resolveServices);
    current = { ...read, problems: [...applied.problems, ...read.problems], warnings: [...refusals, ...read.warnings] };
    book.set(current.world, revisionsOf(next));
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      await look().catch((error: unknown) => {
        const trouble = `the API server: ${describeFailure(error)}`;
        // A new object counts as news, so it is made only if something differs.
        if (current !== undefined && current.warnings[0] !== trouble) current = { ...current, warnings: [trouble] };
      });
      await delay(LOOK_MS);
    }
  };
  folder.start(() => undefined);
  const running = run();

  return {
    read: () => current,
    async stop() {
      stopped = true;
      await Promise.all([running, folder.stop()]);
    },
  };
};
