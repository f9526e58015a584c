import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { target } from './kubectl.ts';

/** Returns the process of our cluster's API server, numbered by this machine. */
const findApiServer = async (root: string): Promise<number> => {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('kube-apiserver') && command.includes(`${root}/`)) return Number(pid);
  }
  throw new Error('the API server is not found');
};

/** Stops the API server for a while: no messages pass in either direction. @throws Error for a cluster that is not ours */
export const pauseApiServer = async (ms: number): Promise<void> => {
  if (target.clusterRoot === undefined) throw new Error('the API server of this cluster cannot be stopped');
  const pid = await findApiServer(target.clusterRoot);
  process.kill(pid, 'SIGSTOP');
  try {
    await delay(ms);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
};
