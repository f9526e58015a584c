import { Option } from 'commander';
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { ClusterExtent } from '../../cluster/manifest/load-cluster.ts';
import { loadPaths } from '../input.ts';
import type { ContextOptions } from '../kubectl.ts';
import { loadLive } from '../live-cluster.ts';
import { type CliIo, UsageError } from '../verb.ts';

/** Where the cluster is read from. */
export interface SourceOptions extends ContextOptions {
  readonly filename?: readonly string[];
}

const collect = (path: string, before: readonly string[] = []): readonly string[] => [...before, path];

/** `-f PATH`, once for each path, since other words follow it. */
export const pathOption = (): Option =>
  new Option(
    '-f, --filename <path>',
    'manifests instead of a cluster: a file, a folder with all below it, or - for standard input; may be given again',
  ).argParser(collect);

/**
 * Reads the cluster in question: manifests, or an API server. Prints on standard error what it could not read.
 * @throws UsageError where neither is given
 */
export const loadSource = async (
  options: SourceOptions,
  io: CliIo,
  extent: ClusterExtent = {},
): Promise<LoadedManifests> => {
  const { filename = [], kubeconfig, context } = options;
  if (filename.length === 0) return loadLive(options, io, extent);
  if (kubeconfig !== undefined) throw new UsageError('-f and --kubeconfig exclude each other');
  if (context !== undefined) throw new UsageError('-f and --context exclude each other');
  return loadPaths(filename, io);
};
