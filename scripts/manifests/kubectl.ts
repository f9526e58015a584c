import { findBinaries } from '../../src/lab/apiserver/binaries.ts';
import path from 'node:path';
import { ROOT } from './paths.ts';

/** The kubectl that tests and clusters of this project use, built if it is not there yet. @throws Error */
export const findKubectl = async (say: (line: string) => void): Promise<string> => {
  const goModule = path.join(ROOT, 'e2e/cluster/kubernetes');
  return (await findBinaries({ env: process.env, goModule, say })).kubectl;
};
