import { fileURLToPath } from 'node:url';
import { findPrograms, KUBERNETES, kubernetesCommand, type Release } from '../../src/lab/apiserver/binaries.ts';
import type { GoProgram } from '../../src/lab/apiserver/build-programs.ts';

/** The absolute paths of programs by name. */
export interface Programs {
  /** @throws Error for a program that was not requested */
  path(name: string): string;
}

/** The programs of a cluster and of its images. */
const CLUSTER_PROGRAMS: readonly GoProgram[] = [
  ...['kube-apiserver', 'kubectl', 'kubelet', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map(
    kubernetesCommand,
  ),
  { name: 'pause', package: './pause', kind: 'command' },
  { name: 'agnhost', package: 'k8s.io/kubernetes/test/images/agnhost', kind: 'command' },
];

const COREDNS: Release = { name: 'coredns', version: 'v1.14.7', versionVariables: [] };
const COREDNS_PROGRAMS: readonly GoProgram[] = [{ name: 'coredns', package: '.', kind: 'command' }];

/** The conformance suite of Kubernetes. */
const SUITE_PROGRAMS: readonly GoProgram[] = [
  { name: 'e2e.test', package: 'k8s.io/kubernetes/test/e2e', kind: 'test' },
  { name: 'ginkgo', package: 'github.com/onsi/ginkgo/v2/ginkgo', kind: 'command' },
];

type Say = (line: string) => void;

const find = (
  module: string,
  release: Release,
  wanted: readonly GoProgram[],
  say: Say,
): Promise<ReadonlyMap<string, string>> => {
  const goModule = fileURLToPath(new URL(module, import.meta.url));
  return findPrograms({ env: process.env, goModule, say }, release, wanted);
};

const programsOf = (...found: readonly ReadonlyMap<string, string>[]): Programs => ({
  path(name) {
    const file = found.map((files) => files.get(name)).find((at) => at !== undefined);
    if (file === undefined) throw new Error(`cluster: the program ${name} was not requested`);
    return file;
  },
});

/** Finds the programs of a cluster, and builds those that are missing (about twelve minutes in all, once). */
export const findClusterPrograms = async (say: Say): Promise<Programs> =>
  programsOf(
    await find('kubernetes', KUBERNETES, CLUSTER_PROGRAMS, say),
    await find('coredns', COREDNS, COREDNS_PROGRAMS, say),
  );

/** Finds `e2e.test` and `ginkgo`, and builds them if needed (about three minutes, once). */
export const findSuitePrograms = async (say: Say): Promise<Programs> =>
  programsOf(await find('kubernetes', KUBERNETES, SUITE_PROGRAMS, say));
