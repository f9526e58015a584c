import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { ManifestSource } from '../../../cluster/manifest-source.ts';
import { type Binaries, findBinaries } from '../../../lab/apiserver/binaries.ts';
import { startApiServer } from '../../../lab/apiserver/start.ts';
import { FABRIC_ADDRESS } from '../../../lab/fabric.ts';
import { type Ground, RUN_FOLDER } from '../ground.ts';
import type { OwnProgram } from '../own-program.ts';
import type { WorldSource } from '../world-source.ts';
import { openInside } from './door.ts';
import { followApiServer, type RevisionBook } from './follow-api-server.ts';
import { writeOutsideKubeconfig } from './outside-kubeconfig.ts';

const FOLDER = path.join(RUN_FOLDER, 'api-server');

/** The agents' kubeconfig, inside the sandbox. */
export const KUBECONFIG = path.join(FOLDER, 'kubeconfig');

/** @throws Error that says what to install */
export const clusterBinaries = (
  env: Readonly<Record<string, string | undefined>>,
  { kubernetesModule }: OwnProgram,
  say: (line: string) => void,
): Promise<Binaries> => findBinaries({ env, goModule: kubernetesModule, say });

export interface PlayCluster {
  readonly source: WorldSource;
  /** Shell commands with which a person reaches it. */
  readonly commands: readonly string[];
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Returns the person's own kubectl, or the one that was built with the server. */
const kubectlCommand = async (built: string, searchPath: string): Promise<string> => {
  for (const folder of searchPath.split(path.delimiter)) {
    if (folder !== '' && (await isExecutable(path.join(folder, 'kubectl')))) return 'kubectl';
  }
  return (await isExecutable(built)) ? built : 'kubectl';
};

/** Starts a real API server on the fabric of a ground, applies a folder to it and follows it. */
export const startCluster = async (
  ground: Ground,
  folder: ManifestSource,
  binaries: Binaries,
  book: RevisionBook,
): Promise<PlayCluster> => {
  const [family = 'ipv4'] = ground.families;
  const server = await startApiServer({ binaries, address: FABRIC_ADDRESS[family], dir: FOLDER });
  const { hostname, port } = new URL(server.url);
  await openInside(hostname.replace(/^\[|\]$/g, ''), Number(port));
  const kubeconfig = await writeOutsideKubeconfig(server.kubeconfigPath);
  const kubectl = await kubectlCommand(binaries.kubectl, process.env['PATH'] ?? '');
  return {
    source: followApiServer(server.admin, folder, ground, book),
    commands: [`export KUBECONFIG=${kubeconfig}`, `${kubectl} get pods,services,networkpolicies -A -o wide`],
  };
};
