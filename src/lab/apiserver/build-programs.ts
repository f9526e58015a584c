import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { CommandError, createCommandRunner } from '../../kernel/command.ts';

/** A program of the Go module: a command, or a package's tests as a program. */
export interface GoProgram {
  readonly name: string;
  /** Import path, or one relative to the module, such as `./pause`. */
  readonly package: string;
  readonly kind: 'command' | 'test';
}

export interface BuildSettings {
  /** The Go module that requires the programs' modules. */
  readonly goModule: string;
  readonly programs: readonly GoProgram[];
  /** Go variables to set, such as `k8s.io/component-base/version.gitVersion`. */
  readonly variables: Readonly<Record<string, string>>;
  /** The folder that the programs are written to. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

const GO_VERBS: Readonly<Record<GoProgram['kind'], readonly string[]>> = { command: ['build'], test: ['test', '-c'] };

/** A cold build took 3 min 40 s on two slow cores; a much slower machine may need an hour. */
const BUILD_MS = 60 * 60 * 1000;

const { run } = createCommandRunner();

const requireGo = async (): Promise<void> => {
  try {
    await run('go', ['version']);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new Error(
      'programs of Kubernetes are built from source, which needs Go 1.26 or newer (https://go.dev/dl; that of Debian is ' +
        'too old); for tests, KUBEBUILDER_ASSETS may name a folder instead, with kube-apiserver and etcd',
      { cause: error },
    );
  }
};

/**
 * Builds Go programs. One build runs at a time (flock, which works across namespaces); a second one then finds everything in
 * Go's build cache and only links. The programs appear complete (renamed into place) or not at all.
 *
 * @throws Error if Go is missing; CommandError with the compiler's output
 */
export const buildPrograms = async ({ goModule, programs, variables, folder, say }: BuildSettings): Promise<void> => {
  await requireGo();
  await mkdir(folder, { recursive: true });
  const fresh = await mkdtemp(`${folder}.`);
  const settings = Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`);
  const flags = ['-trimpath', '-ldflags', ['-s', '-w', ...settings].join(' ')];
  try {
    for (const program of programs) {
      say(`building ${program.name} into ${folder} (once; takes minutes)`);
      const output = path.join(fresh, program.name);
      const go = ['go', '-C', goModule, ...GO_VERBS[program.kind], ...flags, '-o', output, program.package];
      await run('flock', [`${folder}.lock`, 'env', 'CGO_ENABLED=0', ...go], { timeoutMs: BUILD_MS });
      await rename(output, path.join(folder, program.name));
    }
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
};
