import { Option } from 'commander';
import type { ApiConnection } from '../cluster/api/connection.ts';
import { connectInCluster } from '../cluster/api/in-cluster.ts';
import { connectByKubeconfig, connectByKubeconfigText } from '../cluster/api/kubeconfig.ts';
import type { LoadedManifests } from '../cluster/manifest/assemble.ts';
import { type ClusterExtent, loadCluster } from '../cluster/manifest/load-cluster.ts';
import { type ContextOptions, createKubectl } from './kubectl.ts';
import { isPlugin } from './plugin-mode.ts';
import { type CliIo, UsageError } from './verb.ts';

export const kubeconfigOption = (): Option =>
  new Option('--kubeconfig <file>', 'the cluster to ask, where KUBECONFIG or the pod it runs in names no other');

export const contextOption = (): Option =>
  new Option('--context <name>', 'the context of the kubeconfig, where it is not the current one; needs kubectl');

/** Reports whether a verb reads the cluster where no manifests are given. */
export const asksCluster = ({ kubeconfig, context }: ContextOptions, io: CliIo): boolean =>
  isPlugin(io) || kubeconfig !== undefined || context !== undefined;

/** `KUBECONFIG` may name several files, of which the first counts here; kubectl joins them. */
const kubeconfigOf = ({ kubeconfig }: ContextOptions, { env }: CliIo): string | undefined =>
  kubeconfig ?? ((env['PORTCULLIS_KUBECONFIG'] || env['KUBECONFIG'])?.split(':')[0] || undefined);

/** Connects as kubectl does: it joins the files of KUBECONFIG, knows their usual place, and chooses the context. */
const connectAsKubectl = async (options: ContextOptions, io: CliIo): Promise<ApiConnection> => {
  const text = await createKubectl(options, io).run(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']);
  return connectByKubeconfigText({ text, name: 'kubectl config view', folder: process.cwd() });
};

/**
 * Connects to the cluster that the options, the environment or the pod name.
 * @param otherwise words for the error about what to do instead
 * @throws UsageError where none does; ConnectionError; CommandError of kubectl
 */
export const connectToCluster = async (options: ContextOptions, io: CliIo, otherwise = ''): Promise<ApiConnection> => {
  if (isPlugin(io) || options.context !== undefined) return connectAsKubectl(options, io);
  const { env } = io;
  const inPod = { host: env['KUBERNETES_SERVICE_HOST'], port: env['KUBERNETES_SERVICE_PORT'] };
  const file = kubeconfigOf(options, io);
  if (file !== undefined) return connectByKubeconfig(file);
  if (inPod.host !== undefined) return connectInCluster(inPod);
  throw new UsageError(`no cluster: ${otherwise}name one with --kubeconfig or KUBECONFIG`);
};

/** Reads a cluster once, and prints on standard error what could not be read. */
export const loadLive = async (
  options: ContextOptions,
  io: CliIo,
  extent: ClusterExtent = {},
): Promise<LoadedManifests> => {
  const { loaded, notes } = await loadCluster(
    await connectToCluster(options, io, 'give manifests with -f, or '),
    extent,
  );
  for (const note of notes) io.err(`note: ${note}\n`);
  return loaded;
};
