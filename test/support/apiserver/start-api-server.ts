import path from 'node:path';
import { findBinaries } from '../../../src/lab/apiserver/binaries.ts';
import { type ApiServer, type ApiServerSettings, startApiServer } from '../../../src/lab/apiserver/start.ts';

/** Starts etcd and kube-apiserver, which `npm test` has built before, in about 4 s. */
export const startTestApiServer = async (settings: Omit<ApiServerSettings, 'binaries'> = {}): Promise<ApiServer> => {
  const binaries = await findBinaries({
    env: process.env,
    goModule: path.join(import.meta.dirname, '../../../e2e/cluster/kubernetes'),
    say: (line) => {
      console.error(line);
    },
  });
  return startApiServer({ binaries, ...settings });
};
