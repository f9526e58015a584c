import { fileURLToPath } from 'node:url';
import { findPrograms } from '../../src/lab/apiserver/binaries.ts';
import { type GoProgram, kubernetesCommand } from '../../src/lab/apiserver/build-kubernetes.ts';

/** Programs by name, each an absolute path. */
export interface Programs {
  /** @throws Error for a program that was not asked for */
  path(name: string): string;
}

/** What a cluster runs and what its images are made from. */
const CLUSTER_PROGRAMS: readonly GoProgram[] = [
  ...['kube-apiserver', 'kubectl', 'kubelet', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map(
    kubernetesCommand,
  ),
  { name: 'pause', package: './pause', kind: 'command' },
  { name: 'agnhost', package: 'k8s.io/kubernetes/test/images/agnhost', kind: 'command' },
];

const find = async (wanted: readonly GoProgram[], say: (line: string) => void): Promise<Programs> => {
  const goModule = fileURLToPath(new URL('kubernetes', import.meta.url));
  const found = await findPrograms({ env: process.env, goModule, say }, wanted);
  return {
    path(name) {
      const file = found.get(name);
      if (file === undefined) throw new Error(`cluster: the program ${name} was not asked for`);
      return file;
    },
  };
};

/** Finds what a cluster needs, having built what is missing (about ten minutes in all, once). */
export const findClusterPrograms = (say: (line: string) => void): Promise<Programs> => find(CLUSTER_PROGRAMS, say);
