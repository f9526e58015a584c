import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CommandRunner } from '../../../src/kernel/command.ts';
import { NODE_PATHS } from './spec.ts';

/** The folder of marks of imported archives; it has the same lifetime as containerd's own data. */
const MARKS = '/var/lib/images-imported';

const IMPORT_MS = 120_000;

/** Returns the command of containerd's own client, in the kubelet's namespace of containerd. */
export const ctrCommand = (...args: readonly string[]): readonly [file: string, args: readonly string[]] => [
  'ctr',
  [`--address=${NODE_PATHS.containerdSocket}`, '--namespace=k8s.io', ...args],
];

/** Returns the command that imports one archive of the node's image folder. */
export const importCommand = (archive: string): readonly [file: string, args: readonly string[]] =>
  ctrCommand('images', 'import', path.join(NODE_PATHS.images, archive));

/** Imports every archive that is new since the node's last start. */
export const importImages = async (runner: CommandRunner): Promise<void> => {
  await mkdir(MARKS, { recursive: true });
  const done = new Set(await readdir(MARKS));
  for (const archive of await readdir(NODE_PATHS.images)) {
    if (done.has(archive)) continue;
    await runner.run(...importCommand(archive), { timeoutMs: IMPORT_MS });
    await writeFile(path.join(MARKS, archive), '');
  }
};
