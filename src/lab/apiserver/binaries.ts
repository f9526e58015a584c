import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { buildPrograms, type GoProgram } from './build-programs.ts';

/** The Kubernetes release that e2e/cluster/kubernetes/go.mod requires. */
export const KUBERNETES_VERSION = 'v1.36.3';

/** Programs that are built and cached together. */
export interface Release {
  /** As in `kubernetes`: part of the cache folder's name. */
  readonly name: string;
  readonly version: string;
  /** Go variables that contain the programs' version. */
  readonly versionVariables: readonly string[];
}

export const KUBERNETES: Release = {
  name: 'kubernetes',
  version: KUBERNETES_VERSION,
  versionVariables: ['k8s.io/component-base/version.gitVersion', 'k8s.io/client-go/pkg/version.gitVersion'],
};

/** Returns a command of Kubernetes itself. */
export const kubernetesCommand = (name: string): GoProgram => ({
  name,
  package: `k8s.io/kubernetes/cmd/${name}`,
  kind: 'command',
});

const API_SERVER_PROGRAMS = [kubernetesCommand('kube-apiserver'), kubernetesCommand('kubectl')];

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
  /** Reports slow steps to people. */
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

/** Returns the folder of a release's builds; every user has their own. */
const cacheFolder = (env: BinarySettings['env'], { name, version }: Release): string =>
  path.join(env['XDG_CACHE_HOME'] || path.join(env['HOME'] || homedir(), '.cache'), 'portcullis', `${name}-${version}`);

const build = async (
  { env, goModule, say }: BinarySettings,
  release: Release,
  programs: readonly GoProgram[],
): Promise<void> => {
  const variables = Object.fromEntries(release.versionVariables.map((name) => [name, release.version]));
  await buildPrograms({ goModule, programs, variables, folder: cacheFolder(env, release), say });
};

/**
 * Finds the programs of an API server: in KUBEBUILDER_ASSETS (the convention of envtest), else in our cache. Builds
 * Kubernetes first if it is missing.
 *
 * @throws Error that says what to install
 */
export const findBinaries = async (settings: BinarySettings): Promise<Binaries> => {
  const { env } = settings;
  const assets = env['KUBEBUILDER_ASSETS'] || undefined;
  const folder = assets ?? cacheFolder(env, KUBERNETES);
  const kubeApiserver = path.join(folder, 'kube-apiserver');
  const etcd = await findEtcd(assets, env['PATH'] ?? '');
  if (!(await isExecutable(kubeApiserver))) {
    if (assets !== undefined) throw new Error(`KUBEBUILDER_ASSETS=${assets} holds no kube-apiserver`);
    await build(settings, KUBERNETES, API_SERVER_PROGRAMS);
  }
  return { etcd, kubeApiserver, kubectl: path.join(folder, 'kubectl') };
};

/**
 * Finds programs of a release in our cache, and builds those that are missing. Ignores KUBEBUILDER_ASSETS, since envtest's
 * folders have no kubelet.
 *
 * @returns the file of each program by its name
 */
export const findPrograms = async (
  settings: BinarySettings,
  release: Release,
  programs: readonly GoProgram[],
): Promise<ReadonlyMap<string, string>> => {
  const folder = cacheFolder(settings.env, release);
  const fileOf = ({ name }: GoProgram): string => path.join(folder, name);
  const missing: GoProgram[] = [];
  for (const program of programs) {
    if (!(await isExecutable(fileOf(program)))) missing.push(program);
  }
  if (missing.length > 0) await build(settings, release, missing);
  return new Map(programs.map((program) => [program.name, fileOf(program)]));
};
