import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { asList, asObject } from '../../../cluster/raw.ts';
import { RUN_FOLDER } from '../ground.ts';
import { NOTE, type OutsideNote } from './door.ts';

/** A name in the server's certificate, which 127.0.0.1 is not. */
const SERVER_NAME = 'kubernetes.default.svc';

const NOTE_MS = 10_000;
const POLL_MS = 20;

const readNote = async (): Promise<OutsideNote> => {
  const deadline = performance.now() + NOTE_MS;
  for (;;) {
    const text = await readFile(NOTE, 'utf8').catch(() => '');
    if (text.endsWith('}')) return JSON.parse(text) as OutsideNote;
    if (performance.now() > deadline) throw new Error('nobody outside the sandbox opened a way to the API server');
    await delay(POLL_MS);
  }
};

/**
 * Writes a kubeconfig for the person's own shell.
 * @param insideFile the kubeconfig that works inside
 * @returns its path as seen from outside
 */
export const writeOutsideKubeconfig = async (insideFile: string): Promise<string> => {
  const { port, root } = await readNote();
  const config = asObject(JSON.parse(await readFile(insideFile, 'utf8')));
  const clusters = asList(config['clusters']).map((entry) => {
    const { name, cluster } = asObject(entry);
    const server = `https://127.0.0.1:${port}`;
    return { name, cluster: { ...asObject(cluster), server, 'tls-server-name': SERVER_NAME } };
  });
  const file = path.join(RUN_FOLDER, 'kubeconfig');
  await writeFile(file, `${JSON.stringify({ ...config, clusters }, undefined, 2)}\n`, { mode: 0o600 });
  return path.join(root, file);
};
