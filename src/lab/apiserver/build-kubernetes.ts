import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CommandError, createCommandRunner } from '../../kernel/command.ts';

export interface BuildSettings {
  /** The Go module that requires k8s.io/kubernetes and imports the commands. */
  readonly goModule: string;
  /** Where kube-apiserver and kubectl go. */
  readonly folder: string;
  /** As in `v1.36.3`: what the programs answer to --version. */
  readonly version: string;
  readonly say: (line: string) => void;
}

const COMMANDS = ['kube-apiserver', 'kubectl'];

/** A cold build took 3 min 40 s on two slow cores; a much slower machine may need an hour. */
const BUILD_MS = 60 * 60 * 1000;

const { run } = createCommandRunner();

const requireGo = async (): Promise<void> => {
  try {
    await run('go', ['version']);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new Error(
      'kube-apiserver is built from source, which needs Go 1.26 or newer (https://go.dev/dl; that of Debian is too old); ' +
        'or let KUBEBUILDER_ASSETS name a folder with kube-apiserver and etcd',
      { cause: error },
    );
  }
};

/**
 * Builds kube-apiserver and kubectl. One build runs at a time (flock, which holds across namespaces); a second one then
 * finds everything in Go's build cache and only links. The programs appear whole (renamed into place) or not at all.
 *
 * @throws Error when Go is missing; CommandError with the compiler's words.
 */
export const buildKubernetes = async ({ goModule, folder, version, say }: BuildSettings): Promise<void> => {
  await requireGo();
  await mkdir(folder, { recursive: true });
  const versionFlags = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].map(
    (variable) => `-X ${variable}.gitVersion=${version}`,
  );
  const fresh = await mkdtemp(`${folder}.`);
  const go = ['env', 'CGO_ENABLED=0', 'go', '-C', goModule, 'build', '-trimpath', '-ldflags'];
  try {
    for (const command of COMMANDS) {
      say(`building ${command} ${version} into ${folder} (once; takes minutes)`);
      const output = path.join(fresh, command);
      const args = [...go, ['-s', '-w', ...versionFlags].join(' '), '-o', output, `k8s.io/kubernetes/cmd/${command}`];
      await run('flock', [`${folder}.lock`, ...args], { timeoutMs: BUILD_MS });
      await rename(output, path.join(folder, command));
    }
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
};
