import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Does work while no other process does: flock(1) holds the lock until our end of its pipe closes, which also happens
 * when we are killed.
 */
export const withLock = async <Result>(file: string, work: () => Promise<Result>): Promise<Result> => {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  try {
    return await work();
  } finally {
    holder.stdin.end();
  }
};
