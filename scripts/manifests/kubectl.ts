import { findBinaries } from '../../src/lab/apiserver/binaries.ts';
import path from 'node:path';
import { ROOT } from './paths.ts';

/** Returns the kubectl for tests and clusters of this project, and first builds it if it is missing. @throws Error */
export const findKubectl = async (say: (line: string) => void): Promise<string> => {
  const goModule = path.join(ROOT, 'e2e/cluster/kubernetes');
  return (await findBinaries({ env: process.env, goModule, say })).kubectl;
};
