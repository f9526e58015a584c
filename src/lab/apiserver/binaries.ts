import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type BuildSettings, buildKubernetes, type GoProgram, kubernetesCommand } from './build-kubernetes.ts';

const API_SERVER_PROGRAMS = [kubernetesCommand('kube-apiserver'), kubernetesCommand('kubectl')];

/** The Kubernetes release that e2e/cluster/kubernetes/go.mod requires. */
export const KUBERNETES_VERSION = 'v1.36.3';

export interface Binaries {
  readonly etcd: string;
  readonly kubeApiserver: string;
  readonly kubectl: string;
}

export interface BinarySettings {
  /** KUBEBUILDER_ASSETS, XDG_CACHE_HOME and PATH are read from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The Go module to build kube-apiserver and kubectl from: e2e/cluster/kubernetes of a checkout. */
  readonly goModule: string;
  /** Tells people what takes long. */
  readonly say: (line: string) => void;
}

const isExecutable = async (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

const findOnPath = async (name: string, searchPath: string): Promise<string | undefined> => {
  for (const folder of searchPath.split(path.delimiter)) {
    const file = path.join(folder, name);
    if (folder !== '' && (await isExecutable(file))) return file;
  }
  return undefined;
};

const findEtcd = async (assets: string | undefined, searchPath: string): Promise<string> => {
  const file = assets === undefined ? undefined : path.join(assets, 'etcd');
  if (file !== undefined && (await isExecutable(file))) return file;
  const installed = await findOnPath('etcd', searchPath);
  if (installed === undefined)
    throw new Error('etcd is not installed: apt-get install etcd-server (or set KUBEBUILDER_ASSETS)');
  return installed;
};

/** Where the builds of this version are kept; every user has their own. */
const cacheFolder = (env: BinarySettings['env']): string =>
  path.join(
    env['XDG_CACHE_HOME'] || path.join(env['HOME'] || homedir(), '.cache'),
    'portcullis',
    `kubernetes-${KUBERNETES_VERSION}`,
  );

const build = async (settings: Omit<BuildSettings, 'version'>): Promise<void> => {
  await buildKubernetes({ ...settings, version: KUBERNETES_VERSION });
};

/**
 * Finds the programs of an API server: in KUBEBUILDER_ASSETS (the convention of envtest), else in our cache, where
 * Kubernetes is built first if it is not there.
 *
 * @throws Error that says what to install.
 */
export const findBinaries = async ({ env, goModule, say }: BinarySettings): Promise<Binaries> => {
  const assets = env['KUBEBUILDER_ASSETS'] || undefined;
  const folder = assets ?? cacheFolder(env);
  const kubeApiserver = path.join(folder, 'kube-apiserver');
  const etcd = await findEtcd(assets, env['PATH'] ?? '');
  if (!(await isExecutable(kubeApiserver))) {
    if (assets !== undefined) throw new Error(`KUBEBUILDER_ASSETS=${assets} holds no kube-apiserver`);
    await build({ goModule, programs: API_SERVER_PROGRAMS, folder, say });
  }
  return { etcd, kubeApiserver, kubectl: path.join(folder, 'kubectl') };
};

/** The programs of a whole cluster, each by its name. */
export type ClusterPrograms = ReadonlyMap<string, string>;

/**
 * Finds further programs of Kubernetes in our cache, where those that are missing are built first. KUBEBUILDER_ASSETS
 * plays no part: envtest's folders hold no kubelet.
 */
export const findPrograms = async (
  { env, goModule, say }: BinarySettings,
  programs: readonly GoProgram[],
): Promise<ClusterPrograms> => {
  const folder = cacheFolder(env);
  const found = new Map(programs.map((program) => [program.name, path.join(folder, program.name)]));
  const missing: GoProgram[] = [];
  for (const program of programs) {
    if (!(await isExecutable(path.join(folder, program.name)))) missing.push(program);
  }
  if (missing.length > 0) await build({ goModule, programs: missing, folder, say });
  return found;
};
