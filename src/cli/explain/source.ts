import { Option } from 'commander';
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { connectInCluster } from '../../cluster/api/in-cluster.ts';
import { connectByKubeconfig } from '../../cluster/api/kubeconfig.ts';
import type { ApiConnection } from '../../cluster/api/connection.ts';
import { loadCluster } from '../../cluster/manifest/load-cluster.ts';
import { loadPaths } from '../input.ts';
import { type CliIo, UsageError } from '../verb.ts';

/** Where the cluster is read from. */
export interface SourceOptions {
  readonly filename?: readonly string[];
  readonly kubeconfig?: string;
}

const collect = (path: string, before: readonly string[] = []): readonly string[] => [...before, path];

/** `-f PATH`, once for each path, since other words follow it. */
export const pathOption = (): Option =>
  new Option(
    '-f, --filename <path>',
    'manifests instead of a cluster: a file, a folder with all below it, or - for standard input; may be given again',
  ).argParser(collect);

export const kubeconfigOption = (): Option =>
  new Option('--kubeconfig <file>', 'the cluster to ask, where KUBECONFIG or the pod it runs in names no other');

/** `KUBECONFIG` may name several files, of which the first counts here. */
const kubeconfigOf = ({ kubeconfig }: Pick<SourceOptions, 'kubeconfig'>, { env }: CliIo): string | undefined =>
  kubeconfig ?? ((env['PORTCULLIS_KUBECONFIG'] || env['KUBECONFIG'])?.split(':')[0] || undefined);

/**
 * Connects to the cluster that a kubeconfig names, or that the pod runs in.
 * @param otherwise words for the error about what to do instead
 * @throws UsageError where there is neither
 */
export const connectToCluster = async (
  options: Pick<SourceOptions, 'kubeconfig'>,
  io: CliIo,
  otherwise = '',
): Promise<ApiConnection> => {
  const { env } = io;
  const inPod = { host: env['KUBERNETES_SERVICE_HOST'], port: env['KUBERNETES_SERVICE_PORT'] };
  const file = kubeconfigOf(options, io);
  if (file !== undefined) return connectByKubeconfig(file);
  if (inPod.host !== undefined) return connectInCluster(inPod);
  throw new UsageError(`no cluster: ${otherwise}name one with --kubeconfig or KUBECONFIG`);
};

/**
 * Reads the cluster in question: manifests, or an API server. Prints on standard error what it could not read.
 * @throws UsageError where neither is given
 */
export const loadSource = async (options: SourceOptions, io: CliIo): Promise<LoadedManifests> => {
  const { filename = [], kubeconfig } = options;
  if (filename.length > 0) {
    if (kubeconfig !== undefined) throw new UsageError('-f and --kubeconfig exclude each other');
    return loadPaths(filename, io);
  }
  const { loaded, notes } = await loadCluster(await connectToCluster(options, io, 'give manifests with -f, or '));
  for (const note of notes) io.err(`note: ${note}\n`);
  return loaded;
};
