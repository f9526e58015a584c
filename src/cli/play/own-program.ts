import { realpathSync } from 'node:fs';
import path from 'node:path';

/** The files of this program, bundled or from source, as it was started itself. */
export interface OwnProgram {
  /** The Node binary that runs us. */
  readonly node: string;
  /** The command line's entry file. */
  readonly entry: string;
  /** The entry file of a pod's server. */
  readonly podServer: string;
  /** The Go module that kube-apiserver is built from. */
  readonly kubernetesModule: string;
}

/** @param entry the file that Node was started with */
export const ownProgram = (entry: string): OwnProgram => {
  const file = realpathSync(entry);
  const folder = path.dirname(file);
  const fromSource = file.endsWith('.ts');
  return {
    node: process.execPath,
    entry: file,
    podServer: path.join(folder, fromSource ? 'play/pod-server.ts' : 'pod-server.js'),
    kubernetesModule: path.join(folder, fromSource ? '../..' : '..', 'e2e/cluster/kubernetes'),
  };
};
