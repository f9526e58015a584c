import { realpathSync } from 'node:fs';
import path from 'node:path';

/** How to start what belongs to this program, as it was started itself: bundled, or from source. */
export interface OwnProgram {
  /** The Node that runs us. */
  readonly node: string;
  /** The command line's entry file. */
  readonly entry: string;
  /** The entry file of a pod's server. */
  readonly podServer: string;
}

/** @param entry the file that Node was started with */
export const ownProgram = (entry: string): OwnProgram => {
  const file = realpathSync(entry);
  const folder = path.dirname(file);
  const podServer = file.endsWith('.ts') ? path.join(folder, 'play/pod-server.ts') : path.join(folder, 'pod-server.js');
  return { node: process.execPath, entry: file, podServer };
};
